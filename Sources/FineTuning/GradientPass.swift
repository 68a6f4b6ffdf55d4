import Console
import BERT
import QuestionAnswering
import Torch

/// The result of one step's passes over all processes; the gradients are with the parameters.
struct StepTotals {
    /// The mean loss over the step's rows, float32 [], on the device.
    var loss: Tensor
    /// The gradients' norms before clipping, [1 + parameters], on the device: the joint one, and each parameter's.
    var norms: Tensor
    var tokens = 0
    /// Whether a process was asked to stop.
    var stops = false
    /// Seconds that this process waited for the others.
    var waited = 0.0
    /// The rows per pass from now on, if memory ran out in this one.
    var reducedRows: Int?
    /// Whether memory ran out in a process, so that the step is to be computed again.
    fileprivate var repeats = false
}

/// Computes the gradients of one step: this process's rows in passes of as many as memory holds, summed over all
/// processes while the last backward pass goes on. Nothing waits for the device.
final class GradientPass {
    private let model: QuestionAnsweringModel
    private let lengths: [Int]
    private let batches: BatchPreparer
    private let optimizer: AdamW
    private let device: Device
    private let maxNorm: Double
    private let objective: SpanObjective
    private let team: Team
    private let reducer: GradientReducer?
    private let interrupt: InterruptFlag
    /// Rows of one pass: what was asked for, or less once memory ran out.
    private(set) var rowsPerPass: Int

    init(
        loaded: LoadedModel, rows: [Feature], optimizer: AdamW, objective: SpanObjective, options: TrainingOptions,
        rowsPerPass: Int, device: Device, team: Team, interrupt: InterruptFlag
    ) throws(TrainingError) {
        (model, self.optimizer, self.device) = (loaded.model, optimizer, device)
        (self.team, self.rowsPerPass, self.interrupt) = (team, rowsPerPass, interrupt)
        (maxNorm, self.objective) = (options.maxGradNorm, objective)
        lengths = rows.map(\.length)
        batches = BatchPreparer(rows: rows, for: loaded, device: device)
        reducer = try TrainingError.wrapping(.computation) { try team.reducer(optimizer.slots.map(\.parameter)) }
    }

    /// The clipped gradients of the mean loss over the given rows of all processes.
    ///
    /// - Parameter next: the rows of the step after this one, which are made ready meanwhile.
    /// - Throws: `TrainingError.processes` if another process is gone; what libtorch throws, running out of memory with
    ///   a single row among it.
    func gradients(
        of numbers: ArraySlice<Int>, next: ArraySlice<Int>, dropout: DropoutSource
    ) throws -> StepTotals {
        let (own, later) = (dealt(numbers), dealt(next))
        var reduced: Int?
        while true {
            var totals = try passes(own, later: later, rowDivisor: numbers.count, dropout: dropout)
            if totals.repeats { reduced = rowsPerPass }
            try exchange(&totals)
            if totals.repeats { continue }
            totals.reducedRows = reduced
            totals.norms = try optimizer.clipGradientsDeferred(maxNorm: maxNorm)
            return totals
        }
    }

    /// Those of a step's rows that are this process's.
    private func dealt(_ numbers: ArraySlice<Int>) -> [Int] {
        RowDealing.deal(numbers, to: team.size) { lengths[$0] }[team.rank]
    }

    /// This process's passes. One that memory does not suffice for is noted, and later ones have half its rows.
    private func passes(
        _ own: [Int], later: [Int], rowDivisor: Int, dropout: DropoutSource
    ) throws -> StepTotals {
        let zero = try Tensor.zeros([], device: device)
        var totals = StepTotals(loss: zero, norms: zero)
        var armed = false
        do {
            try add(own, later: later, rowDivisor: rowDivisor, dropout: dropout, to: &totals, armed: &armed)
        } catch {
            guard Self.isShortage(error), min(rowsPerPass, own.count) > 1 else { throw error }
            totals.repeats = true
            rowsPerPass = max(1, min(rowsPerPass, own.count) / 2)
            Runtime.releaseMemory()
        }
        if let reducer { totals.waited = try finish(reducer, armed: armed) }
        return totals
    }

    private static func isShortage(_ error: any Error) -> Bool {
        guard let error = error as? TorchError else { return false }
        return error.kind == .outOfMemory
    }

    private func add(
        _ own: [Int], later: [Int], rowDivisor: Int, dropout: DropoutSource, to totals: inout StepTotals,
        armed: inout Bool
    ) throws {
        try optimizer.clearGradients()
        for first in stride(from: 0, to: own.count, by: rowsPerPass) {
            let (chosen, rest) = (own[first...].prefix(rowsPerPass), own[first...].dropFirst(rowsPerPass))
            let numbers = Array(chosen)
            let batch = try batches.batch(numbers)
            batches.prepare(Array((rest.isEmpty ? later[...] : rest).prefix(rowsPerPass)))
            let loss = try objective.loss(
                of: model, on: batch, rows: numbers, rowDivisor: Double(rowDivisor), dropout: dropout)
            totals.tokens += batch.tokenCount
            totals.loss = try totals.loss + loss.clone().to(.float32)
            if let reducer, rest.isEmpty {
                try reducer.arm()
                armed = true
            }
            try loss.backward()
        }
    }

    /// Waits for the sums. A process without rows keeps step with the others all the same.
    private func finish(_ reducer: GradientReducer, armed: Bool) throws -> Double {
        if !armed { try reducer.arm() }
        var waited = 0.0
        try team.together { (_: ProcessGroup) throws(TorchError) -> Void in waited = try reducer.finish() }
        return waited
    }

    /// Adds up over the processes what each came to. The loss is summed where it is: all of them skip the same steps.
    private func exchange(_ totals: inout StepTotals) throws(TrainingError) {
        totals.stops = interrupt.isRaised
        guard team.size > 1 else { return }
        try team.sum(totals.loss)
        let sums = try team.sums([Double(totals.tokens), totals.repeats ? 1 : 0, totals.stops ? 1 : 0])
        (totals.tokens, totals.repeats, totals.stops) = (Int(sums[0]), sums[1] > 0, sums[2] > 0)
    }
}
