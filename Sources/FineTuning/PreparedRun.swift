import BERT
import Console
import Evaluating
import QuestionAnswering
import SQuAD
import Torch

/// Everything that a run needs before its first step.
package struct PreparedRun {
    /// The options, with the device and the precision that they mean here.
    let options: TrainingOptions
    let loaded: LoadedModel
    let data: TrainingData
    /// nil in a process that does not write.
    let directory: RunDirectory?
    let store: CheckpointStore
    let optimizer: AdamW
    /// The factor of the loss; nil in other precisions than fp16.
    let scale: LossScale?
    /// Nil if the options want none.
    let average: WeightAverage?
    let schedule: LearningRateSchedule
    let pass: GradientPass
    let team: Team
    let interrupt: InterruptFlag
    let environment: RunEnvironment
    /// The state at which the run begins, or at which it was stopped.
    let state: TrainingState
    let events: TrainingEvents?
    let report: TrainingReport

    /// Reads the model and the data, agrees with the other processes on what is trained, locks the output directory,
    /// restores the state at which the run was stopped if it is to be resumed, and writes `run.json`. All is checked
    /// before anything is written.
    ///
    /// - Parameters:
    ///   - command: the command line, for `run.json`.
    ///   - interrupt: asks the run to stop.
    ///   - team: the processes that train together; all of them prepare with the same options.
    ///   - onRead: called with each dataset as it is in its file.
    /// - Throws: `TrainingError` that names the file or the option.
    package static func readAgreeLockAndRecord(
        _ given: TrainingOptions, command: [String] = [], interrupt: InterruptFlag = InterruptFlag(),
        team: Team = Team(), onRead: (Dataset) -> Void = { _ in }
    ) throws(TrainingError) -> PreparedRun {
        try given.validate()
        let device = given.device ?? Device.best
        guard device.isAvailable else {
            throw .options("`device` \(device.rawValue): this libtorch cannot use it here")
        }
        var options = given.resolved(device: device, precision: given.precision ?? .automatic(on: device))
        var report = TrainingReport(isQuiet: !team.writes)
        let loaded = try load(options)
        options.features = try TrainingError.wrapping(.options) {
            try given.features.fitted(
                to: loaded.model.config.longestRow, tokenizer: loaded.tokenizer)
        }
        let data = try TrainingData(options: options, tokenizer: loaded.tokenizer, onRead: onRead)
        let teachers = try Teachers(options, student: loaded)
        try team.agree(on: options)
        let directory = team.writes ? try RunDirectory(options: options) : nil
        let store = CheckpointStore(outputDirectory: options.outputDirectory, kept: options.checkpointsKept)
        let optimizer = try optimizer(options, loaded)
        let environment = RunEnvironment(device: device, processes: team.size)
        let average = try WeightAverage(options, of: optimizer)
        let checkpoint = TrainingCheckpoint(
            model: loaded.model, optimizer: optimizer, average: average, environment: environment)
        let resumed = options.resume ? try checkpoint.resume(options, from: store, team: team, report: &report) : nil
        if resumed != nil { try directory?.checkData(options) }
        try team.share(loaded.model.parameters.all.map(\.tensor))
        let state =
            resumed ?? TrainingState(rowsPerStep: options.rowsOfAProcess * team.size, rowsPerPass: options.batchSize)
        let scale = try lossScale(options, state.lossScale)
        let schedule = LearningRateSchedule(options, rows: data.mix.rowsPerEpoch, rowsPerStep: state.rowsPerStep)
        report.start(options, loaded, data, totalSteps: schedule.totalSteps)
        report.processes(team.size, rowsPerStep: state.rowsPerStep)
        if resumed != nil { report.resumed(state, schedule) }
        let shares = try teachers?.shares(
            of: data.training.features, options, team: team, report: &report, interrupt: interrupt)
        let pass = try GradientPass(
            loaded: loaded, rows: data.training.features, optimizer: optimizer,
            objective: SpanObjective(options, teachers: shares), options: options, scale: scale,
            rowsPerPass: state.rowsPerPass, device: device, team: team, interrupt: interrupt)
        let events = try options.tensorboard && team.writes ? events(options, state) : nil
        try directory?.writeRecord(options: options, environment: environment, command: command)
        return PreparedRun(
            options: options, loaded: loaded, data: data, directory: directory, store: store, optimizer: optimizer,
            scale: scale, average: average, schedule: schedule, pass: pass, team: team, interrupt: interrupt,
            environment: environment, state: state, events: events, report: report)
    }

    private static func load(_ options: TrainingOptions) throws(TrainingError) -> LoadedModel {
        let loaded = try TrainingError.wrapping(.model) {
            try LoadedModel(
                directory: options.model, use: .training, precision: options.precision ?? .fp32,
                device: options.device ?? .cpu, headSeed: options.seed, skipsDeviceCheck: options.skipsDeviceCheck)
        }
        let broken = try TrainingError.wrapping(.computation) {
            try NumericFault.firstNotFinite(loaded.model.parameters.all)
        }
        if let broken {
            throw .model(
                .notFinite(
                    "\(options.model): the weights \(broken) have numbers that are not finite; use another copy"))
        }
        return loaded
    }

    private static func lossScale(
        _ options: TrainingOptions, _ saved: LossScale.State?
    ) throws(TrainingError) -> LossScale? {
        guard options.precision == .fp16 else { return nil }
        return try TrainingError.wrapping(.computation) {
            let scale = try LossScale(device: options.device ?? .cpu)
            if let saved { try scale.resume(saved) }
            return scale
        }
    }

    private static func optimizer(_ options: TrainingOptions, _ loaded: LoadedModel) throws(TrainingError) -> AdamW {
        var adamW = AdamW.Options()
        adamW.epsilon = options.adamEpsilon
        adamW.weightDecay = options.weightDecay
        let config = loaded.model.config
        let trained = try TrainedParameters.choose(options, of: loaded.model)
        return try TrainingError.wrapping(.computation) {
            try AdamW(
                parameters: trained, options: adamW,
                rateFactor: { TrainedParameters.rateFactor($0, of: config, decay: options.layerwiseDecay) },
                decays: ModelParameters.decays)
        }
    }

    private static func events(
        _ options: TrainingOptions, _ state: TrainingState
    ) throws(TrainingError) -> TrainingEvents {
        try TrainingError.wrapping(.output) {
            try TrainingEvents(outputDirectory: options.outputDirectory, lengths: state.eventLengths)
        }
    }
}
