import BERT
import QuestionAnswering
import Torch

/// What the passes of one step came to, over all processes; the gradients are with the parameters.
struct StepTotals {
    /// The mean loss over the step's rows.
    var loss = 0.0
    /// The gradients' joint norm before clipping.
    var norm = 0.0
    var tokens = 0
    /// What spoils the step; the gradients are not whole then.
    var fault: NumericFault?
    /// Whether a process was asked to stop.
    var stops = false
    /// Seconds that this process waited for the others.
    var waited = 0.0
    /// The rows of a pass from now on, if memory ran out in this one.
    var reducedRows: Int?
    /// Whether memory ran out in a process, so that the step is to be computed again.
    fileprivate var repeats = false
}

/// Computes the gradients of one step: this process's rows in passes of as many as memory holds, summed over all processes while
/// the last backward pass goes on.
final class GradientPass {
    private let loaded: LoadedModel
    private let rows: [Feature]
    private let optimizer: AdamW
    private let device: Device
    private let maxNorm: Double
    private let checkpointing: Bool
    private let team: Team
    private let reducer: GradientReducer?
    private let interrupt: InterruptFlag
    /// Rows of one pass: what was asked for, or less once memory ran out.
    private(set) var rowsPerPass: Int

    init(
        loaded: LoadedModel, rows: [Feature], optimizer: AdamW, options: TrainingOptions, rowsPerPass: Int,
        device: Device,
        team: Team, interrupt: InterruptFlag
    ) throws(TrainingError) {
        (self.loaded, self.rows, self.optimizer, self.device) = (loaded, rows, optimizer, device)
        (self.team, self.rowsPerPass, self.interrupt) = (team, rowsPerPass, interrupt)
        (maxNorm, checkpointing) = (options.maxGradNorm, options.gradientCheckpointing)
        do {
            reducer = try team.reducer(optimizer.slots.map(\.parameter))
        } catch {
            throw .computation("\(error)")
        }
    }

    /// The clipped gradients of the mean loss over the given rows of all processes.
    ///
    /// - Throws: `TrainingError.processes` if another process is gone; what libtorch throws, running out of memory with a single
    ///   row among it.
    func gradients(of numbers: ArraySlice<Int>, dropout: DropoutSource) throws -> StepTotals {
        let own = RowDealing.deal(numbers, to: team.size) { rows[$0].length }[team.rank]
        var reduced: Int?
        while true {
            var totals = try passes(own, rowDivisor: numbers.count, dropout: dropout)
            if totals.repeats { reduced = rowsPerPass }
            try exchange(&totals)
            if totals.repeats { continue }
            totals.reducedRows = reduced
            guard totals.fault == nil else { return totals }
            totals.norm = try optimizer.clipGradients(maxNorm: maxNorm)
            totals.fault = try NumericFault.find(loss: totals.loss, norm: totals.norm, in: optimizer.slots)
            return totals
        }
    }

    /// This process's passes. One that memory does not suffice for is noted, and later ones have half its rows.
    private func passes(_ own: [Int], rowDivisor: Int, dropout: DropoutSource) throws -> StepTotals {
        var totals = StepTotals()
        var armed = false
        do {
            try add(own, rowDivisor: rowDivisor, dropout: dropout, to: &totals, armed: &armed)
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
        _ own: [Int], rowDivisor: Int, dropout: DropoutSource, to totals: inout StepTotals, armed: inout Bool
    ) throws {
        try optimizer.clearGradients()
        for first in stride(from: 0, to: own.count, by: rowsPerPass) {
            let chosen = own[first..<min(first + rowsPerPass, own.count)]
            let loss = try self.loss(chosen, rowDivisor: rowDivisor, dropout: dropout, totals: &totals)
            totals.fault = try NumericFault.find(loss: totals.loss, norm: nil, in: optimizer.slots)
            if totals.fault != nil { return }
            if let reducer, first + rowsPerPass >= own.count {
                try reducer.arm()
                armed = true
            }
            try loss.backward()
        }
    }

    /// Waits for the sums. A process without rows, or with a fault, keeps step with the others all the same.
    private func finish(_ reducer: GradientReducer, armed: Bool) throws -> Double {
        if !armed { try reducer.arm() }
        var waited = 0.0
        try team.together { (_: ProcessGroup) throws(TorchError) -> Void in waited = try reducer.finish() }
        return waited
    }

    private func loss(
        _ chosen: ArraySlice<Int>, rowDivisor: Int, dropout: DropoutSource, totals: inout StepTotals
    ) throws(TorchError) -> Tensor {
        let batch = try PackedBatch(
            chosen.map { rows[$0] }, keys: chosen.map(Int64.init), tokenizer: loaded.tokenizer, device: device)
        let loss = try loaded.model.loss(
            batch.input, targets: batch.targets, rowDivisor: Double(rowDivisor), dropout: dropout,
            checkpointing: checkpointing)
        totals.loss += try loss.item()
        totals.tokens += batch.tokenCount
        return loss
    }

    /// Adds up over the processes what each came to.
    private func exchange(_ totals: inout StepTotals) throws(TrainingError) {
        totals.stops = interrupt.isRaised
        guard team.size > 1 else { return }
        let sums = try team.sums([
            totals.loss, Double(totals.tokens), totals.fault == nil ? 0 : 1, totals.repeats ? 1 : 0,
            totals.stops ? 1 : 0,
        ])
        (totals.loss, totals.tokens, totals.repeats) = (sums[0], Int(sums[1]), sums[3] > 0)
        totals.stops = sums[4] > 0
        guard sums[2] > 0 else { return }
        let faults = try team.gather(totals.fault.map { "\($0.isLasting ? "lasting" : "passing") \($0.what)" } ?? "")
        for (rank, text) in faults.enumerated() where !text.isEmpty {
            let parts = text.split(separator: " ", maxSplits: 1).map(String.init)
            totals.fault = NumericFault(what: "\(parts.last ?? "") of rank \(rank)", isLasting: parts[0] == "lasting")
            return
        }
    }
}
