import BERT
import Console
import Evaluating
import Foundation
import QuestionAnswering
import Torch

/// The models that a run learns from in addition to its labels.
///
/// - Source: Hinton et al. 2015, arXiv:1503.02531; several teachers by the mean of their distributions.
struct Teachers {
    private let folders: [String]
    private let options: TrainingOptions

    /// Nil if the options name none.
    ///
    /// - Parameter student: the model that is trained.
    /// - Throws: `TrainingError.options` for a teacher with another tokenizer, or with shorter rows than the run.
    init?(_ options: TrainingOptions, student: LoadedModel) throws(TrainingError) {
        guard !options.teachers.isEmpty else { return nil }
        (folders, self.options) = (options.teachers, options)
        for folder in folders {
            let teacher = try Self.load(folder, options)
            if let difference = student.tokenizer.difference(from: teacher.tokenizer) {
                throw .options(
                    "`teacher` \(folder) has a different tokenizer than `model` \(options.model): \(difference)")
            }
            let (own, longest) = (options.features.maxLength, teacher.model.config.longestRow)
            guard own <= longest else {
                throw .options(
                    "`teacher` \(folder) reads rows of at most \(longest) tokens; lower `max_length` \(own) to that")
            }
        }
    }

    private static func load(_ folder: String, _ options: TrainingOptions) throws(TrainingError) -> LoadedModel {
        do {
            return try LoadedModel(
                directory: folder, use: .inference, precision: options.precision ?? .fp32,
                device: options.device ?? .cpu, skipsDeviceCheck: options.skipsDeviceCheck)
        } catch {
            throw TrainingError(.model, "`teacher` \(error)", cause: error)
        }
    }

    /// Their distributions for the rows, computed once by the process that writes, stored in its output directory, and
    /// shared.
    ///
    /// - Throws: `TrainingError`; of the kind `.interrupted` if the run is asked to stop in the meantime.
    func shares(
        of rows: [Feature], _ options: TrainingOptions, team: Team, report: inout TrainingReport,
        interrupt: InterruptFlag
    ) throws(TrainingError) -> TeacherShares {
        let shape = [rows.reduce(0) { $0 + $1.length }, 2]
        var all: Tensor?
        if team.writes {
            let file = try TeacherFile(options, rows: rows)
            all = file.read { report.say("warning: \($0)") }
            if all == nil {
                all = try TrainingError.wrapping(.computation, "`teacher`: ") {
                    let shares = try read(rows) { done, total in
                        report.teaching(done: done, of: total)
                        if interrupt.isRaised { throw TrainingError.interruptedBeforeTraining }
                    }
                    try file.write(shares)
                    return shares
                }
            }
        }
        if team.size == 1, let all { return TeacherShares(all, of: rows, options: options) }
        // A copy: a tensor over a mapped file must not be written to.
        let shared = try TrainingError.wrapping(.computation) { try all?.clone() ?? Tensor.zeros(shape) }
        // Between the hosts: the shares stay there, whatever device the model is on.
        try team.together { (group: ProcessGroup) throws(TorchError) in try group.broadcast(shared, from: 0) }
        return TeacherShares(shared, of: rows, options: options)
    }

    /// Lets all of them read the rows: float32 [T, 2], for `TeacherShares`.
    ///
    /// - Parameter progress: called with the number of rows read and the number of all rows.
    /// - Throws: `TrainingError`; what `progress` throws.
    private func read(_ rows: [Feature], progress: (Int, Int) throws -> Void) throws -> Tensor {
        var shares = [Float](repeating: 0, count: 2 * rows.reduce(0) { $0 + $1.length })
        for (number, folder) in folders.enumerated() {
            let predictor = Predictor(try Self.load(folder, options), device: options.device ?? .cpu)
            var start = 0
            try predictor.forEachRow(rows) { done in
                try progress(number * rows.count + done, folders.count * rows.count)
            } _: { row, logits in
                add(logits, to: &shares[start..<(start + 2 * row.length)])
                start += 2 * row.length
            }
        }
        return try Tensor.of(shares, shape: [shares.count / 2, 2])
    }

    /// Adds one teacher's distributions over a row, at the temperature, as its part of the mean.
    private func add(_ logits: ArraySlice<Float>, to shares: inout ArraySlice<Float>) {
        for column in 0..<2 {
            let places = stride(from: column, to: logits.count, by: 2)
            let scaled = places.map { Double(logits[logits.startIndex + $0]) / options.distillationTemperature }
            let most = scaled.max() ?? 0
            let powers = scaled.map { exp($0 - most) }
            let total = powers.reduce(0, +) * Double(folders.count)
            for (place, power) in zip(places, powers) { shares[shares.startIndex + place] += Float(power / total) }
        }
    }
}
