import CTorch
import Testing

/// The C interface itself: what its header promises about failures.
@Suite("The C shim", .serialized)
struct ShimTests {
    /// Every function that makes a tensor, called so that it must fail.
    private static let failingMakers: [(name: String, call: @Sendable (inout OpaquePointer?) -> CTStatus)] = [
        ("zeros", { ct_tensor_zeros([-5], 1, CT_FLOAT32, CT_CPU, &$0) }),
        ("zeros without shape", { ct_tensor_zeros(nil, 2, CT_FLOAT32, CT_CPU, &$0) }),
        ("zeros of unknown type", { ct_tensor_zeros([1], 1, CTDType(rawValue: 99), CT_CPU, &$0) }),
        ("full", { ct_tensor_full(1, [-2], 1, CT_FLOAT32, CT_CPU, &$0) }),
        ("copy_bytes", { ct_tensor_copy_bytes(nil, 4, [1], 1, CT_FLOAT32, &$0) }),
        ("normal", { ct_tensor_normal(-1, 0, [2], 1, CT_FLOAT32, &$0) }),
        ("to_dtype", { ct_tensor_to_dtype(nil, CT_FLOAT32, &$0) }),
        ("to_device", { ct_tensor_to_device(nil, CT_CPU, &$0) }),
        ("clone", { ct_tensor_clone(nil, &$0) }),
        ("add", { ct_add(nil, nil, &$0) }),
        ("multiply", { ct_multiply(nil, nil, &$0) }),
        ("scale", { ct_scale(nil, 1, &$0) }),
        ("linear", { ct_linear(nil, nil, nil, &$0) }),
        ("embedding", { ct_embedding(nil, nil, &$0) }),
        ("layer_norm", { ct_layer_norm(nil, nil, nil, 1e-12, &$0) }),
        ("gelu", { ct_gelu(nil, &$0) }),
        ("sum", { ct_sum(nil, &$0) }),
        ("slice", { ct_slice(nil, 0, 0, 1, &$0) }),
        ("packed_attention", { ct_packed_attention(nil, nil, nil, nil, nil, nil, 1, 0, 0, &$0) }),
        ("packed_attention_plain", { ct_packed_attention_plain(nil, nil, nil, nil, nil, 1, 0, 0, &$0) }),
        ("packed_dropout", { ct_packed_dropout(nil, nil, nil, 0.1, 0, &$0) }),
        ("packed_span_loss", { ct_packed_span_loss(nil, nil, nil, 1, &$0) }),
        ("packed_dropout_plain", { ct_packed_dropout_plain(nil, nil, nil, 0.1, 0, &$0) }),
        ("packed_span_loss_plain", { ct_packed_span_loss_plain(nil, nil, nil, 1, &$0) }),
        ("packed_soft_span_loss", { ct_packed_soft_span_loss(nil, nil, nil, 0, nil, 1, 0, 1, &$0) }),
        ("pack_weight", { ct_pack_weight(nil, &$0) }),
        ("linear_packed", { ct_linear_packed(nil, nil, nil, false, &$0) }),
        ("clip_grad_norm", { ct_clip_grad_norm([nil], 1, 1, &$0) }),
        ("clip_grad_norm of nothing", { ct_clip_grad_norm(nil, 0, 1, &$0) }),
        ("not_finite", { ct_not_finite([nil], 1, &$0) }),
        ("not_finite of nothing", { ct_not_finite(nil, 0, &$0) }),
        ("grad", { ct_grad(nil, &$0) }),
    ]

    @Test("a failed call leaves NULL in its out-parameter and a message")
    func failingMakers() {
        let sentinel = OpaquePointer(bitPattern: 0x10)
        for (name, call) in Self.failingMakers {
            var out = sentinel
            #expect(call(&out) == CT_ERROR, "\(name)")
            #expect(out == nil, "\(name)")
            #expect(!String(cString: ct_last_error()).isEmpty, "\(name)")
        }
    }

    @Test("failed calls leave no tensors behind")
    func leaks() {
        let before = ct_tensor_live_count()
        for _ in 0..<10_000 {
            var out: OpaquePointer?
            _ = ct_tensor_full(1, [-2], 1, CT_FLOAT32, CT_CPU, &out)
        }
        // Other tests run beside this one and hold a few tensors of their own.
        #expect(ct_tensor_live_count() - before < 5000)
    }

    @Test("a failed call leaves zero in its number")
    func failingNumbers() {
        var rank: Int32 = 7
        #expect(ct_tensor_rank(nil, &rank) == CT_ERROR)
        #expect(rank == 0)
        var dtype = CT_BOOL
        #expect(ct_tensor_dtype(nil, &dtype) == CT_ERROR)
        #expect(dtype == CT_FLOAT32)
        var device = CT_MPS
        #expect(ct_tensor_device(nil, &device) == CT_ERROR)
        #expect(device == CT_CPU)
        var item = 7.0
        #expect(ct_tensor_item(nil, &item) == CT_ERROR)
        #expect(item == 0)
        var flag = true
        #expect(ct_requires_grad(nil, &flag) == CT_ERROR)
        #expect(!flag)
        flag = true
        #expect(ct_all_finite(nil, &flag) == CT_ERROR)
        #expect(!flag)
    }

    @Test("a failed call leaves nothing in any of its out-parameters")
    func severalResults() {
        let sentinel = OpaquePointer(bitPattern: 0x10)
        var (first, second) = (sentinel, sentinel)
        var (scale, zero, port, waited) = (7.0, Int64(7), Int32(7), 7.0)
        #expect(ct_add_norm(nil, nil, nil, nil, nil, nil, nil, 0.1, 0, 1e-12, &first, &second) == CT_ERROR)
        #expect(first == nil && second == nil)
        (first, second) = (sentinel, sentinel)
        #expect(ct_add_norm_plain(nil, nil, nil, nil, nil, nil, nil, 0.1, 0, 1e-12, &first, &second) == CT_ERROR)
        #expect(first == nil && second == nil)
        (first, second) = (sentinel, sentinel)
        #expect(ct_quantize_weight(nil, &first, &second) == CT_ERROR)
        #expect(first == nil && second == nil)
        first = sentinel
        #expect(ct_quantize_activations(nil, &first, &scale, &zero) == CT_ERROR)
        #expect(first == nil && scale == 0 && zero == 0)
        first = sentinel
        #expect(ct_store_connect("127.0.0.1", -1, CT_STORE_CLIENT, 1, &first, &port) == CT_ERROR)
        #expect(first == nil && port == 0)
        #expect(ct_gradient_reducer_finish(nil, &waited) == CT_ERROR)
        #expect(waited == 0)
    }

    @Test("numbers that are not finite leave nothing of a quantisation")
    func quantisation() {
        var x: OpaquePointer?
        #expect(ct_tensor_full(.infinity, [2, 4], 2, CT_FLOAT32, CT_CPU, &x) == CT_OK)
        defer { ct_tensor_free(x) }
        var out = OpaquePointer(bitPattern: 0x10)
        var (scale, zero) = (7.0, Int64(7))
        #expect(ct_quantize_activations(x, &out, &scale, &zero) == CT_ERROR)
        #expect(out == nil && scale == 0 && zero == 0)
    }

    @Test("calls without result fail on NULL and say which argument it was")
    func failingActions() {
        #expect(ct_tensor_shape(nil, nil, 0) == CT_ERROR)
        #expect(ct_tensor_read_bytes(nil, nil, 0) == CT_ERROR)
        #expect(ct_tensor_assign(nil, nil) == CT_ERROR)
        #expect(ct_set_requires_grad(nil, true) == CT_ERROR)
        #expect(ct_backward(nil, nil) == CT_ERROR)
        #expect(ct_clear_grad(nil) == CT_ERROR)
        #expect(String(cString: ct_last_error()).contains("'tensor' is NULL"))
        #expect(ct_adamw_step([nil], [nil], [nil], 1, 1, 0.1, 0.9, 0.999, 1e-8, 0, nil, nil) == CT_ERROR)
        #expect(ct_adamw_step(nil, nil, nil, 0, 0, 0.1, 0.9, 0.999, 1e-8, 0, nil, nil) == CT_ERROR)
        #expect(ct_adamw_step(nil, nil, nil, 3, 1, 0.1, 0.9, 0.999, 1e-8, 0, nil, nil) == CT_ERROR)
        #expect(ct_set_threads(0) == CT_ERROR)
    }

    @Test("reading into room of another size writes nothing")
    func readBytes() {
        var tensor: OpaquePointer?
        #expect(ct_tensor_full(1, [2], 1, CT_FLOAT32, CT_CPU, &tensor) == CT_OK)
        defer { ct_tensor_free(tensor) }
        var room: [Float] = [5, 5, 5]
        #expect(ct_tensor_read_bytes(tensor, &room, 12) == CT_ERROR)
        #expect(room == [5, 5, 5])
        #expect(ct_tensor_read_bytes(tensor, &room, 8) == CT_OK)
        #expect(room == [1, 1, 5])
        #expect(ct_tensor_shape(tensor, nil, 0) == CT_ERROR)
    }

    @Test("a call that fails does not call release; one that succeeds calls it once")
    func borrow() {
        nonisolated(unsafe) var memory: [Float] = [1, 2, 3, 4]
        nonisolated(unsafe) var released: Int32 = 0
        let release: @convention(c) (UnsafeMutableRawPointer?) -> Void = { context in
            context?.assumingMemoryBound(to: Int32.self).pointee += 1
        }
        memory.withUnsafeMutableBytes { bytes in
            guard let base = bytes.baseAddress else { return }
            var tensor: OpaquePointer?
            #expect(ct_tensor_borrow_bytes(base, 4, [4], 1, CT_FLOAT32, release, &released, &tensor) == CT_ERROR)
            #expect(ct_tensor_borrow_bytes(base + 1, 4, [1], 1, CT_FLOAT32, release, &released, &tensor) == CT_ERROR)
            #expect(tensor == nil)
            #expect(released == 0)
            #expect(ct_tensor_borrow_bytes(base, 16, [4], 1, CT_FLOAT32, release, &released, &tensor) == CT_OK)
            #expect(released == 0)
            ct_tensor_free(tensor)
            #expect(released == 1)
        }
    }

    @Test("freeing NULL is allowed, and a missing gradient is not a failure")
    func harmless() {
        ct_tensor_free(nil)
        var tensor: OpaquePointer?
        #expect(ct_tensor_zeros([1], 1, CT_FLOAT32, CT_CPU, &tensor) == CT_OK)
        defer { ct_tensor_free(tensor) }
        var gradient = OpaquePointer(bitPattern: 0x10)
        #expect(ct_grad(tensor, &gradient) == CT_OK)
        #expect(gradient == nil)
    }

    @Test("the CPU is always there, and there is a version")
    func runtime() {
        #expect(ct_device_available(CT_CPU))
        #expect(!ct_device_available(CTDeviceKind(rawValue: 42)))
        #expect(String(cString: ct_version()).contains("."))
        #expect(!String(cString: ct_cpu_capability()).isEmpty)
        var (resident, peak): (Int64, Int64) = (0, 0)
        #expect(ct_memory(&resident, &peak) == CT_OK)
        #expect(peak > 0)
    }
}
