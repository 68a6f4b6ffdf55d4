import SQuAD
import StrictJSON

extension Team {
    /// Finds out whether all processes were given the same options and data.
    ///
    /// - Throws: `TrainingError.options` that names a process with other options or files.
    func agree(on options: TrainingOptions) throws(TrainingError) {
        guard size > 1 else { return }
        var files = options.trainFiles.map { ("`train_file`\($0.rules)", $0.path) }
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
            for number in 0..<max(all[0].count, theirs.count) {
                let (first, line) = (Self.line(number, of: all[0]), Self.line(number, of: theirs))
                guard first != line else { continue }
                throw .options(
                    "the process with rank \(other) was started with other options or files than rank 0: "
                        + "\(line), not \(first)")
            }
        }
    }

    private static func line(_ number: Int, of lines: [Substring]) -> Substring {
        number < lines.count ? lines[number] : "no more files"
    }
}
