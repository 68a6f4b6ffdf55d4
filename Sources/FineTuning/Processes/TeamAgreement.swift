import StrictJSON

extension Team {
    /// Finds out whether all processes were given the same options and data.
    ///
    /// - Throws: `TrainingError.options` that names a process whose options or files are others.
    func agree(on options: TrainingOptions, settings: JSONValue) throws(TrainingError) {
        guard size > 1 else { return }
        var files = [("--train-file", options.trainFile)]
        if let file = options.validationFile { files.append(("--validation-file", file)) }
        var lines = [settings.serialized()]
        for (option, file) in files {
            do {
                lines.append("\(option) with the SHA-256 \(try FileDigest.sha256(path: file))")
            } catch {
                throw error.isMissing ? .missing(error.description) : .data(error.description)
            }
        }
        let all = try gather(lines.joined(separator: "\n")).map {
            $0.split(separator: "\n", omittingEmptySubsequences: false)
        }
        for (other, theirs) in all.enumerated() {
            for (first, line) in zip(all[0], theirs) where first != line {
                throw .options(
                    "the process with rank \(other) was started with other options or files than that with rank 0: \(line), not "
                        + "\(first)")
            }
        }
    }
}

extension TrainingCheckpoint {
    /// Goes to the newest whole checkpoint, which the process with rank 0 reads and shares; nil if there is none.
    func resume(
        from store: CheckpointStore, settings: JSONValue, team: Team, report: inout TrainingReport
    ) throws(TrainingError) -> TrainingState? {
        var own: (state: TrainingState, differences: [String])?
        do {
            if team.writes, let newest = try store.newestWhole(warn: { report.say("warning: \($0)") }) {
                own = try read(from: newest.path, options: settings)
            }
        } catch {
            throw .output("--resume: \(error)")
        }
        let text = try team.announced(
            own?.state.json(options: settings, environment: environment).serialized() ?? "nothing")
        guard text != "nothing" else {
            report.say("nothing to resume in \(store.directory); starting at the beginning")
            return nil
        }
        if let own, !own.differences.isEmpty {
            report.say(
                "warning: this is not where the run was stopped: \(own.differences.joined(separator: ", ")); it goes on, but "
                    + "the last bits may differ from those of a run that never stopped")
        }
        try team.share(optimizer.slots.flatMap { [$0.firstMoment, $0.secondMoment] })
        if let own { return own.state }
        do {
            let state = try TrainingState(
                json: JSONValue.parse(Array(text.utf8)), options: settings, path: "the state of the process with rank 0"
            )
            optimizer.resume(atStep: state.optimizerStep)
            return state
        } catch {
            throw .output("--resume: \(error)")
        }
    }
}
