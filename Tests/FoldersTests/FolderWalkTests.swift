import Files
import Folders
import Foundation
import Scratch
import Testing

@Suite("Looking through folders")
struct FolderWalkTests {
    @Test("files are found below the folder, in an order of their own, and others are counted")
    func files() throws {
        try withTemporaryFolder { folder in
            for name in ["b", "b/c", ".git"] {
                try FileManager.default.createDirectory(
                    at: folder.appendingPathComponent(name), withIntermediateDirectories: true)
            }
            for name in ["z.txt", "B.MD", "b/c/é.html", "b/x.png", ".hidden.txt", ".git/a.txt", "noend", ".txt"] {
                try write("text", to: "\(folder.path)/\(name)")
            }
            let listing = try FolderListing(folder: folder.path)
            #expect(listing.files.map(\.path) == ["B.MD", "b/c/é.html", "z.txt"])
            #expect(listing.files.map(\.kind) == [.markdown, .html, .plain])
            #expect(listing.files.allSatisfy { $0.size == 4 && $0.modified > 0 })
            #expect(listing.otherFiles == 2 && listing.problems.isEmpty && listing.unreadFolders.isEmpty)
        }
    }

    @Test("links within the folder are followed once, links out of it if that is asked for")
    func links() throws {
        try withTemporaryFolder { folder in
            let elsewhere = folder.appendingPathComponent("elsewhere").path
            let root = folder.appendingPathComponent("root").path
            for path in [elsewhere, "\(root)/sub", "\(root)/.store"] {
                try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
            }
            for path in ["\(elsewhere)/a.txt", "\(root)/b.txt", "\(root)/.store/c.txt"] { try write("text", to: path) }
            for (link, target) in [
                ("file.txt", "../elsewhere/a.txt"), ("folder", "../elsewhere"), ("picture.png", "../elsewhere/a.txt"),
                ("sub/up", ".."), ("top", ".."), ("gone.md", "gone"), ("gone.png", "gone"), ("one", "two"),
                ("two", "one"), ("again.txt", "b.txt"), ("sub/again", "../.store"), ("store", ".store"),
                ("elsewhere", "../elsewhere"),
            ] {
                try FileManager.default.createSymbolicLink(
                    atPath: "\(root)/\(link)", withDestinationPath: target)
            }
            #expect(mkfifo("\(root)/pipe.txt", 0o600) == 0)
            let listing = try FolderListing(folder: root)
            #expect(listing.files.map(\.path) == ["again.txt", "b.txt", "store/c.txt"])
            #expect(listing.linksOut == 4)
            #expect(listing.problems.map(\.path) == ["gone.md", "one", "pipe.txt", "two"])
            #expect(listing.problems.map(\.reason).contains { $0.contains("circle") })
            let all = try FolderListing(folder: root, followsLinksOut: true)
            #expect(
                all.files.map(\.path) == ["again.txt", "b.txt", "elsewhere/a.txt", "file.txt", "store/c.txt"])
            #expect(all.linksOut == 0 && all.problems == listing.problems)
        }
    }

    @Test("folders that link to each other in very many ways are looked through once")
    func manyWays() throws {
        try withTemporaryFolder { folder in
            for number in 0..<40 {
                let place = "\(folder.path)/\(number)"
                try FileManager.default.createDirectory(atPath: place, withIntermediateDirectories: true)
                for name in ["a", "b"] {
                    try FileManager.default.createSymbolicLink(
                        atPath: "\(place)/\(name)", withDestinationPath: "../\((number + 1) % 40)")
                }
                try write("text", to: "\(place)/c.txt")
            }
            #expect(try FolderListing(folder: folder.path).files.count == 40)
        }
    }

    @Test("a name that is not UTF-8 is reported")
    func names() throws {
        try withTemporaryFolder { folder in
            let path = Array(folder.path.utf8CString.dropLast()) + [0x2F, CChar(bitPattern: 0xE9)]
            let descriptor = open(path + Array(".txt".utf8CString), O_CREAT | O_WRONLY, 0o600)
            // Some systems refuse to make such a file.
            guard descriptor >= 0 else { return }
            close(descriptor)
            try write("text", to: "\(folder.path)/z.txt")
            let listing = try FolderListing(folder: folder.path)
            #expect(listing.files.map(\.path) == ["z.txt"])
            #expect(listing.problems.first?.reason.contains("UTF-8") == true)
        }
    }

    @Test("folders that lie too deep, or cannot be read, are named, so that nobody takes their files for removed")
    func unread() throws {
        try withTemporaryFolder { folder in
            let deep = folder.path + String(repeating: "/d", count: 70)
            try FileManager.default.createDirectory(atPath: deep, withIntermediateDirectories: true)
            try write("text", to: "\(deep)/a.txt")
            let listing = try FolderListing(folder: folder.path)
            #expect(listing.files.isEmpty && listing.problems.count == 1)
            #expect(listing.unreadFolders == [String(repeating: "d/", count: 65)])
        }
    }

    @Test("a folder that is missing or is a file is an error")
    func noFolder() throws {
        try withTemporaryFolder { folder in
            try write("text", to: "\(folder.path)/a.txt")
            #expect(throws: FileError.self) { try FolderListing(folder: "\(folder.path)/b") }
            #expect(throws: FileError.self) { try FolderListing(folder: "\(folder.path)/a.txt") }
        }
    }
}
