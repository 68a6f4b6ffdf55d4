import BERT
import Checkpoints
import Evaluating
import Files
import QuestionAnswering
import StrictJSON
import Torch

/// The file in which a run keeps its teachers' readings, so that a resumed run does not compute them again.
struct TeacherFile {
    private let path: String
    private let record: String
    private let shape: [Int]
    /// The identity of everything that the numbers depend on.
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

    /// The stored shares; nil if there are none.
    ///
    /// - Parameter warn: called if the stored shares are damaged or were computed from something else, so that the
    ///   teachers have to read the rows again.
    func read(warn: (String) -> Void) -> Tensor? {
        do {
            let value = try MappedFile(path: record).withBytes(JSONValue.parse)
            guard value["identity"]?.serialized() == identity.serialized() else {
                warn("\(path) is from other teachers, rows or settings; the teachers read the rows again")
                return nil
            }
            guard try FileDigest.sha256(path: path) == value["sha256"]?.string,
                let view = try SafetensorsFile(path: path)["shares"], view.shape == shape
            else {
                warn("\(path) is damaged; the teachers read the rows again")
                return nil
            }
            return try view.tensor()
        } catch let error as FileError where error.isMissing {
            return nil
        } catch {
            warn("\(path) cannot be used (\(error)); the teachers read the rows again")
            return nil
        }
    }

    /// Stores the shares. The record is written last: shares without one are ignored.
    func write(_ shares: Tensor) throws {
        try DurableFiles.makeDirectory(inExisting: String(path.dropLast("/shares.safetensors".utf8.count)))
        try SafetensorsFile.write([("shares", shares)], to: path)
        let value: JSONValue = ["identity": identity, "sha256": .string(try FileDigest.sha256(path: path))]
        try DurableFiles.write(value.serialized(pretty: true) + "\n", to: record)
    }
}
