import Foundation
import Planning
import Scratch
import Testing

@Suite("The machine in a report")
struct MachineTests {
    private func machine(_ files: [String: String]) throws -> Machine {
        let root = try TemporaryDirectory()
        for (path, text) in files {
            let folder = (path as NSString).deletingLastPathComponent
            try FileManager.default.createDirectory(
                atPath: "\(root.path)/\(folder)", withIntermediateDirectories: true)
            try root.write(text, to: path)
        }
        return withExtendedLifetime(root) { Machine(root: root.path) }
    }

    @Test("an x86 processor has its family, and of its flags those that decide")
    func x86() throws {
        let machine = try machine([
            "etc/os-release": "NAME=\"Debian\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n",
            "proc/cpuinfo": """
            processor\t: 0
            vendor_id\t: AuthenticAMD
            cpu family\t: 25
            model\t\t: 17
            model name\t: AMD EPYC 9R14
            stepping\t: 1
            flags\t\t: fpu vme avx2 avx512f avx512_bf16 smep

            processor\t: 1
            model name\t: another
            """,
        ])
        #expect(machine.system.hasPrefix("Debian GNU/Linux 12 (bookworm), "))
        #expect(machine.processor == "AMD EPYC 9R14")
        #expect(machine.processorModel == "AuthenticAMD family 25 model 17 stepping 1")
        #expect(machine.instructionSets == ["avx2", "avx512f", "avx512_bf16"])
        #expect(machine.driver == nil)
        #expect(machine.gpus == [])
    }

    @Test("an ARM processor has a part, and features instead of flags")
    func arm() throws {
        let machine = try machine([
            "proc/cpuinfo":
                "processor\t: 0\nFeatures\t: fp asimd bf16 sve\nCPU implementer\t: 0x41\nCPU part\t: 0xd40\n"
        ])
        #expect(machine.processorModel == "0x41 model 0xd40")
        #expect(machine.instructionSets == ["asimd", "bf16", "sve"])
    }

    @Test(
        "NVIDIA's driver and GPUs are read from the driver, open kernel module or not",
        arguments: [
            "NVRM version: NVIDIA UNIX x86_64 Kernel Module  570.86.15  Thu Jan 23 22:50:36 UTC 2025\nGCC version: 12",
            "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  570.86.15  Release Build\n",
        ])
    func gpu(version: String) throws {
        let machine = try machine([
            "proc/driver/nvidia/version": version,
            "proc/driver/nvidia/gpus/0000:01:00.0/information": "Model: \t\t NVIDIA H100\nIRQ:   \t\t 38\n",
            "proc/driver/nvidia/gpus/0000:02:00.0/information": "Model: \t\t NVIDIA H200\n",
        ])
        #expect(machine.driver == "570.86.15")
        #expect(machine.gpus == ["NVIDIA H100", "NVIDIA H200"])
    }

    @Test("a system that says nothing is no error")
    func silent() throws {
        let machine = try machine([:])
        #expect(machine.processor == "")
        #expect(machine.processorModel == "")
        #expect(!machine.system.isEmpty)
    }

    @Test(
        "a library of this process is found by its name",
        .enabled(if: FileManager.default.fileExists(atPath: "/proc/self/maps"), "no /proc/self/maps"))
    func library() throws {
        let path = try #require(Machine.loadedLibrary("libc.so."))
        #expect(FileManager.default.fileExists(atPath: path))
        #expect(Machine.loadedLibrary("libnothing.") == nil)
    }
}
