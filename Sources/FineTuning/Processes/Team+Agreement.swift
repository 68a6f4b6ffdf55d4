import SQuAD
import StrictJSON

extension Team {
    /// Finds out whether all processes were given the same options and data.
    ///
    /// - Throws: `TrainingError.options` that names a process whose options or files are others.
    func agree(on options: TrainingOptions) throws(TrainingError) {
        guard size > 1 else { return }
        var files = [("`train_file`", options.trainFile)]
        if let file = options.validationFile { files.append(("`validation_file`", file)) }
        var lines = [options.deciding.serialized()]
        for (option, file) in files {
            do {
                lines.append("\(option) with the SHA-256 \(try DatasetFile.sha256(file))")
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
                    "the process with rank \(other) was started with other options or files than that with rank 0: "
                        + "\(line), not \(first)")
            }
        }
    }
}
