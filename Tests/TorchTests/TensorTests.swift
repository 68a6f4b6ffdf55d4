import Testing
import Torch

@Suite("Tensors")
struct TensorTests {
    @Test("a tensor returns the numbers it was made of")
    func roundTrip() throws {
        let tensor = try Tensor.of([1, 2, 3, 4, 5, 6] as [Float], shape: [2, 3])
        #expect(tensor.shape == [2, 3])
        #expect(tensor.dtype == .float32)
        #expect(tensor.device == .cpu)
        #expect(tensor.description == "float32[2, 3]")
        #expect(try tensor.array(of: Float.self) == [1, 2, 3, 4, 5, 6])
    }

    @Test("every element type keeps small whole numbers", arguments: DType.allCases)
    func conversion(dtype: DType) throws {
        let tensor = try Tensor.of([0, 1] as [Double]).to(dtype)
        #expect(tensor.dtype == dtype)
        #expect(try tensor.to(.float64).array(of: Double.self) == [0, 1])
    }

    @Test("a scalar has no dimensions and one element")
    func scalar() throws {
        let tensor = try Tensor.full([], value: 2.5)
        #expect(tensor.shape == [])
        #expect(tensor.count == 1)
        #expect(try tensor.item() == 2.5)
    }

    @Test("reading as another element type is an error that names both")
    func wrongElement() throws {
        let tensor = try Tensor.of([1] as [Int64])
        let error = #expect(throws: TorchError.self) { try tensor.array(of: Float.self) }
        #expect(error?.description.contains("int64[1]") == true)
    }

    @Test("values that do not fill the shape are refused")
    func wrongShape() {
        #expect(throws: TorchError.self) { try Tensor.of([1, 2, 3] as [Float], shape: [2, 2]) }
        #expect(throws: TorchError.self) { try Tensor.of([1] as [Float], shape: [-1]) }
        #expect(throws: TorchError.self) { try Tensor.of([] as [Float], shape: [Int.max, Int.max]) }
    }

    @Test("an error names the operation, the operands and libtorch's reason")
    func errorText() throws {
        let a = try Tensor.zeros([2, 3])
        let b = try Tensor.zeros([4, 5])
        let error = #expect(throws: TorchError.self) { try a + b }
        let text = error?.description ?? ""
        #expect(text.contains("+(float32[2, 3], float32[4, 5])"))
        #expect(text.contains("must match the size of tensor"))
    }

    @Test("more memory than there is is reported as such")
    func outOfMemory() {
        let error = #expect(throws: TorchError.self) { try Tensor.zeros([1 << 50]) }
        #expect(error?.kind == .outOfMemory)
    }

    @Test("borrowed memory is not copied, and its owner lives exactly as long as the tensor")
    func borrowing() throws {
        final class Owner {
            let memory = UnsafeMutableBufferPointer<Float>.allocate(capacity: 3)
            let released: () -> Void
            init(released: @escaping () -> Void) {
                self.released = released
                _ = memory.initialize(from: [1, 2, 3])
            }
            deinit {
                memory.deallocate()
                released()
            }
        }
        var released = 0
        do {
            var owner: Owner? = Owner { released += 1 }
            let memory = try #require(owner?.memory)
            var tensor: Tensor? = try Tensor.borrowing(
                UnsafeRawBufferPointer(memory), shape: [3], dtype: .float32, owner: try #require(owner))
            memory[1] = 7
            owner = nil
            #expect(released == 0)
            #expect(try tensor?.array(of: Float.self) == [1, 7, 3])
            let view = try tensor?.slice(dim: 0, 1..<3)
            tensor = nil
            #expect(try view?.array(of: Float.self) == [7, 3])
            #expect(released == 0)
        }
        #expect(released == 1)
    }

    @Test("borrowed memory of the wrong size is refused and its owner released")
    func borrowingFails() throws {
        final class Owner {
            let memory: [Float] = [1, 2]
        }
        weak var weakOwner: Owner?
        do {
            let owner = Owner()
            weakOwner = owner
            owner.memory.withUnsafeBytes { bytes in
                _ = #expect(throws: TorchError.self) {
                    try Tensor.borrowing(bytes, shape: [3], dtype: .float32, owner: owner)
                }
            }
        }
        #expect(weakOwner == nil)
    }

    @Test("assigning copies numbers and leaves the source alone")
    func assign() throws {
        let target = try Tensor.zeros([2])
        let source = try Tensor.of([3, 4] as [Double])
        try target.assign(source)
        #expect(try target.array(of: Float.self) == [3, 4])
        #expect(throws: TorchError.self) { try target.assign(Tensor.zeros([3])) }
    }

    @Test("the same seed draws the same numbers, another seed others")
    func normal() throws {
        let first: [Float] = try Tensor.normal([4000], standardDeviation: 0.02, seed: 7).array()
        let again: [Float] = try Tensor.normal([4000], standardDeviation: 0.02, seed: 7).array()
        let other: [Float] = try Tensor.normal([4000], standardDeviation: 0.02, seed: 8).array()
        #expect(first == again)
        #expect(first != other)
        let variance = first.reduce(0) { $0 + $1 * $1 } / 4000
        #expect(abs(variance.squareRoot() - 0.02) < 0.002)
    }

    @Test("slices outside the tensor are refused")
    func slices() throws {
        let x = try Tensor.of([0, 1, 2, 3] as [Float])
        #expect(try x.slice(dim: 0, 1..<3).array(of: Float.self) == [1, 2])
        #expect(throws: TorchError.self) { try x.slice(dim: 0, 2..<5) }
        #expect(throws: TorchError.self) { try x.slice(dim: 1, 0..<1) }
    }

    @Test("ids outside the table are refused")
    func embedding() throws {
        let table = try Tensor.of([0, 1, 2, 3, 4, 5] as [Float], shape: [3, 2])
        #expect(try table.embedding(Tensor.of([2, 0] as [Int64])).array(of: Float.self) == [4, 5, 0, 1])
        for id in [-1, 3] as [Int64] {
            let error = #expect(throws: TorchError.self) { try table.embedding(Tensor.of([id])) }
            #expect(error?.description.contains("\(id)") == true)
        }
    }

    @Test("numbers that are not finite are found")
    func finite() throws {
        #expect(try Tensor.of([1, 2] as [Float]).allFinite())
        #expect(try !Tensor.of([1, .nan] as [Float]).allFinite())
        #expect(try !Tensor.of([1, .infinity] as [Float]).allFinite())
        #expect(try !Tensor.of([1, -.infinity] as [Float]).allFinite())
        #expect(try Tensor.of([] as [Float]).allFinite())
        for place in [0, 17, 4095, 9999] {
            for value in [Float.nan, .infinity, -.infinity] {
                var values = [Float](repeating: 3e38, count: 10_000)
                #expect(try Tensor.of(values).allFinite() && Tensor.of(values).to(.bfloat16).allFinite())
                values[place] = value
                #expect(try !Tensor.of(values).allFinite(), "\(value) at \(place)")
                #expect(try !Tensor.of(values).to(.bfloat16).allFinite(), "\(value) at \(place)")
            }
        }
    }

    @Test("the run time reports its version, threads and memory")
    func runtime() throws {
        #expect(Runtime.version.hasPrefix("2."))
        #expect(Runtime.threads >= 1)
        #expect(throws: TorchError.self) { try Runtime.setThreads(0) }
        let memory = try Runtime.memory()
        #expect(memory.peak > 10_000_000)
        #expect(memory.resident <= memory.peak + 100_000_000)
    }
}
