import Console
import BERT
import QuestionAnswering
import Tokenizers
import Torch

/// The result of one step's passes over all processes; the gradients are with the parameters.
struct StepTotals {
    /// The mean loss over the step's rows, float32 [], on the device.
    var loss: Tensor
    /// The gradients' norms before clipping, [1 + parameters], on the device: the joint one, and each parameter's.
    var norms: Tensor
    /// What the loss was multiplied with, float32 [] on the device; nil where it was not.
    var scale: Tensor?
    var tokens = 0
    /// Whether a process was asked to stop.
    var stops = false
    /// Seconds that this process waited for the others.
    var waited = 0.0
    /// The rows per pass from now on, if memory ran out in this one.
    var reducedRows: Int?
    /// Whether memory ran out in a process, so that the step is to be computed again.
    fileprivate var repeats = false
    /// Whether the weights have taken the step: with the pass, as one graph.
    fileprivate var isUpdated = false
}

/// Takes one step: this process's rows in passes of as many as memory holds, their gradients summed over all processes
/// while the last backward pass goes on, and the update of the weights. Nothing waits for the device.
final class GradientPass {
    private let model: QuestionAnsweringModel
    private let tokenizer: Tokenizer
    private let rows: [Feature]
    private let lengths: [Int]
    /// The most tokens that a row may have.
    private let longest: Int
    private let batches: BatchPreparer
    private let optimizer: AdamW
    private let device: Device
    private let maxNorm: Double
    private let objective: SpanObjective
    private let team: Team
    private let reducer: GradientReducer?
    private let interrupt: InterruptFlag
    /// The passes as recorded graphs; nil where they run plainly.
    private let graphs: StepGraphs?
    /// What the loss is multiplied with; nil where it is not.
    private let scale: LossScale?
    /// Rows of one pass: what was asked for, or less once memory ran out.
    private(set) var rowsPerPass: Int

    init(
        loaded: LoadedModel, rows: [Feature], optimizer: AdamW, objective: SpanObjective, options: TrainingOptions,
        scale: LossScale?, rowsPerPass: Int, device: Device, team: Team, interrupt: InterruptFlag
    ) throws(TrainingError) {
        (model, self.optimizer, self.device) = (loaded.model, optimizer, device)
        (self.team, self.rowsPerPass, self.interrupt) = (team, rowsPerPass, interrupt)
        (maxNorm, self.objective, self.scale) = (options.maxGradNorm, objective, scale)
        (self.rows, lengths, tokenizer) = (rows, rows.map(\.length), loaded.tokenizer)
        longest = options.features.maxLength
        batches = BatchPreparer(rows: rows, for: loaded, device: device)
        // The graphs come first: they work on a stream of their own, which the reducer's hooks then belong to.
        graphs = try Self.graphs(options, rows, objective, loaded.model, optimizer, scale, device)
        reducer = try TrainingError.wrapping(.computation) { try team.reducer(optimizer.slots.map(\.parameter)) }
    }

    private static func graphs(
        _ options: TrainingOptions, _ rows: [Feature], _ objective: SpanObjective, _ model: QuestionAnsweringModel,
        _ optimizer: AdamW, _ scale: LossScale?, _ device: Device
    ) throws(TrainingError) -> StepGraphs? {
        guard options.cudaGraphs else { return nil }
        guard device.recordsGraphs else {
            throw .options("`cuda_graphs` needs `device` cuda and a libtorch that records graphs there")
        }
        return try TrainingError.wrapping(.computation) {
            try StepGraphs(
                model: model, optimizer: optimizer, objective: objective, labelForm: objective.labelForm(of: rows),
                scale: scale, device: device, maxNorm: options.maxGradNorm)
        }
    }

    /// One step down the gradient of the mean loss over the given rows of all processes; see `gradients`.
    ///
    /// - Parameter rate: the learning rate.
    func step(
        on numbers: ArraySlice<Int>, next: ArraySlice<Int>, dropout: DropoutSource, rate: Double
    ) throws -> StepTotals {
        try graphs?.begin(rate)
        let before = try scale?.scale.clone()
        var totals = try gradients(of: numbers, next: next, dropout: dropout)
        if let graphs {
            if !totals.isUpdated { try graphs.updateAfterPasses() }
            // The next step writes there.
            (totals.loss, totals.norms) = (try graphs.loss.clone(), try graphs.norms.clone())
        } else {
            try scale?.unscale(optimizer.slots.map(\.parameter))
            totals.norms = try optimizer.clipGradientsDeferred(maxNorm: maxNorm)
            let skip = try Tensor.notFinite([totals.loss, totals.norms])
            try optimizer.update(learningRate: rate, skippingIf: skip)
            try scale?.update(skipped: skip)
        }
        totals.scale = before
        return totals
    }

    /// The gradients of the mean loss over the given rows of all processes.
    ///
    /// - Parameter next: the rows of the step after this one, which are made ready meanwhile.
    /// - Throws: `TrainingError.processes` if another process is gone; what libtorch throws, running out of memory with
    ///   a single row among it.
    private func gradients(
        of numbers: ArraySlice<Int>, next: ArraySlice<Int>, dropout: DropoutSource
    ) throws -> StepTotals {
        let (own, later) = (dealt(numbers), dealt(next))
        var reduced: Int?
        let before = rowsPerPass
        while true {
            var totals = try passes(own, later: later, rowDivisor: numbers.count, dropout: dropout)
            if totals.repeats, rowsPerPass < before { reduced = rowsPerPass }
            try exchange(&totals)
            if totals.repeats { continue }
            totals.reducedRows = reduced
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
            guard Self.isShortage(error) else { throw error }
            // The memory of the graphs comes first.
            if try graphs?.close() != true {
                guard min(rowsPerPass, own.count) > 1 else { throw error }
                rowsPerPass = max(1, min(rowsPerPass, own.count) / 2)
            }
            totals.repeats = true
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
        if let graphs { return try add(own, to: graphs, rowDivisor: rowDivisor, dropout: dropout, &totals) }
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
            try (scale?.scaled(loss) ?? loss).backward()
        }
    }

    /// The same by graphs. The sums come after the last pass, whose gradients nobody sees arriving.
    private func add(
        _ own: [Int], to graphs: StepGraphs, rowDivisor: Int, dropout: DropoutSource, _ totals: inout StepTotals
    ) throws {
        if own.isEmpty { try graphs.noPass() }
        for first in stride(from: 0, to: own.count, by: rowsPerPass) {
            let chosen = own[first...].prefix(rowsPerPass)
            let features = chosen.map { rows[$0] }
            let batch = try FormedBatch(
                features, room: chosen.count, longest: longest, tokenizer: tokenizer, config: model.config)
            let labelled = try graphs.labelled(batch, of: features, numbers: Array(chosen))
            let seed = dropout.passSeed(firstRow: chosen[first])
            totals.tokens += batch.tokenCount
            totals.isUpdated = team.size == 1 && chosen.count == own.count
            if totals.isUpdated {
                try graphs.step(labelled, rows: rowDivisor, seed: seed)
            } else {
                try graphs.pass(labelled, rows: rowDivisor, isFirst: first == 0, seed: seed)
            }
        }
        totals.loss = graphs.loss
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
