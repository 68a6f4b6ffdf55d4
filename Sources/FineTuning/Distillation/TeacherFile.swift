import BERT
import Checkpoints
import Evaluating
import Files
import QuestionAnswering
import StrictJSON
import Torch

/// Where a run keeps what its teachers have read: they are asked once, and not again by a run that is resumed.
struct TeacherFile {
    private let path: String
    private let record: String
    private let shape: [Int]
    /// What the numbers depend on.
    private let identity: JSONValue

    /// The file of a run.
    ///
    /// - Throws: `TrainingError.output` if a teacher's files cannot be read.
    init(_ options: TrainingOptions, rows: [Feature]) throws(TrainingError) {
        let folder = "\(options.outputDirectory)/teacher"
        (path, record) = ("\(folder)/shares.safetensors", "\(folder)/shares.json")
        shape = [rows.reduce(0) { $0 + $1.length }, 2]
        identity = try TrainingError.wrapping(.output) {
            [
                "teachers": .array(try options.teachers.map { .string(try ModelFingerprint.sha256(of: $0)) }),
                "temperature": .double(options.distillationTemperature),
                "precision": .string(options.precision?.rawValue ?? ""),
                "device": .string(options.device?.rawValue ?? ""), "rows": .string(Self.digest(of: rows)),
            ]
        }
    }

    /// The SHA-256 of the rows' tokens.
    private static func digest(of rows: [Feature]) -> String {
        var digest = Digest.sha256()
        for row in rows {
            let ids = row.question + [-1] + row.context.ids[row.window] + [-2]
            ids.withUnsafeBytes { digest.update($0) }
        }
        return digest.finalize().hexadecimal
    }

    /// What is kept; nil where there is nothing.
    ///
    /// - Parameter warn: called where what is kept is damaged or was computed from something else, so that the teachers
    ///   have to be asked again.
    func read(warn: (String) -> Void) -> Tensor? {
        do {
            let value = try MappedFile(path: record).withBytes(JSONValue.parse)
            guard value["identity"]?.serialized() == identity.serialized() else {
                warn("\(path) is of other teachers, rows or settings; the teachers are asked again")
                return nil
            }
            guard try FileDigest.sha256(path: path) == value["sha256"]?.string,
                let view = try SafetensorsFile(path: path)["shares"], view.shape == shape
            else {
                warn("\(path) is damaged; the teachers are asked again")
                return nil
            }
            return try view.tensor()
        } catch let error as FileError where error.isMissing {
            return nil
        } catch {
            warn("\(path) cannot be used (\(error)); the teachers are asked again")
            return nil
        }
    }

    /// Keeps what was computed. The record comes last: numbers without one don't count.
    func write(_ shares: Tensor) throws {
        try DurableFiles.makeDirectory(inExisting: String(path.dropLast("/shares.safetensors".utf8.count)))
        try SafetensorsFile.write([("shares", shares)], to: path)
        let value: JSONValue = ["identity": identity, "sha256": .string(try FileDigest.sha256(path: path))]
        try DurableFiles.write(value.serialized(pretty: true) + "\n", to: record)
    }
}
