import Foundation
import Testing

@Suite("bertqa env")
struct EnvTests {
    @Test("says what a report needs, as text and as JSON")
    func report() throws {
        let object = try Tool.run(["env", "--json"]).json()
        for (section, key) in [
            ("program", "version"), ("program", "commit"), ("program", "libtorch"), ("machine", "system"),
            ("machine", "processor_model"), ("machine", "kernels"), ("machine", "usable_memory"), ("gpu", "cuda"),
            ("folders", "hub_cache"), ("folders", "documents"),
        ] {
            #expect(object[section]?[key] != nil, "\(section).\(key)")
        }
        #expect(object["machine"]?["usable_cores"]?.int == ProcessInfo.processInfo.activeProcessorCount)
        let text = try Tool.run(["env"])
        #expect(text.status == 0 && text.err.isEmpty, "\(text.err)")
        #expect(text.out.contains(object["program"]?["libtorch"]?.string ?? "?"))
    }

    @Test(
        "shows variables, and no secret of them",
        arguments: [
            ("HF_TOKEN=sesame", "(set)"), ("HUGGING_FACE_HUB_TOKEN=sesame", "(set)"),
            ("BERTQA_API_KEY=sesame", "(set)"),
            ("BERTQA_STORE_SECRET=sesame", "(set)"),
            ("HTTPS_PROXY=http://me:sesame@proxy:3128", "http://***@proxy:3128"),
            ("https_proxy=http://me:ses@sesame@proxy", "http://***@proxy"), ("ALL_PROXY=me:sesame@proxy", "***@proxy"),
            ("HF_ENDPOINT=https://sesame@hub.test", "https://***@hub.test"),
        ])
    func masked(setting: String, shown: String) throws {
        for options in [[], ["--json"]] {
            let output = try Tool.run(["env"] + options, shell: "export '\(setting)'")
            #expect(output.status == 0)
            #expect(output.out.contains(shown), "\(output.out)")
            #expect(!output.out.contains("sesame"), "\(output.out)")
        }
    }

    @Test("shows other variables as they are, and the home folder as ~")
    func shown() throws {
        let output = try Tool.run(
            ["env", "--json"],
            shell:
                "export HF_HUB_DISABLE_IMPLICIT_TOKEN=1 OMP_NUM_THREADS=2 HOME=/nowhere/alice HF_HOME=/nowhere/alice/hf"
        )
        let variables = try output.json()["variables"]
        #expect(variables?["HF_HUB_DISABLE_IMPLICIT_TOKEN"]?.string == "1")
        #expect(variables?["OMP_NUM_THREADS"]?.string == "2")
        #expect(try output.json()["folders"]?["hub_cache"]?.string == "~/hf/hub")
        #expect(!output.out.contains("alice"))
    }
}
