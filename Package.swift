// swift-tools-version: 6.1
import PackageDescription

// libtorch comes from `make setup`, which writes .deps/pkgconfig/bertqa-libtorch.pc; `make build` points
// PKG_CONFIG_PATH there. Without it CTorch stops with a message that says so.
let package = Package(
    name: "BertQA",
    platforms: [.macOS(.v15)],
    products: [
        .library(name: "Tokenizers", targets: ["Tokenizers"]),
        .library(name: "SQuAD", targets: ["SQuAD"]),
        .library(name: "QuestionAnswering", targets: ["QuestionAnswering"]),
        .library(name: "Evaluating", targets: ["Evaluating"]),
        .library(name: "FineTuning", targets: ["FineTuning"]),
        .library(name: "QAServer", targets: ["QAServer"]),
        .library(name: "Hub", targets: ["Hub"]),
        .executable(name: "bertqa", targets: ["bertqa"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
        .package(url: "https://github.com/swift-server/async-http-client", from: "1.37.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
        .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
        .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: ["FullFoundation"]),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    ],
    targets: [
        .target(name: "CDigests"),
        .target(name: "Files", dependencies: ["CDigests"]),
        .target(name: "Console", dependencies: ["Files"]),
        .target(name: "Folders", dependencies: ["Files"]),
        .target(name: "PostgreSQL"),
        .systemLibrary(name: "CZlib", providers: [.apt(["zlib1g-dev"]), .brew(["zlib"])]),
        .target(name: "Charts", dependencies: ["CZlib"]),
        .target(name: "StrictJSON", dependencies: ["Files"]),
        .target(name: "Checkpoints", dependencies: ["CZlib", "Files", "StrictJSON"]),
        .target(
            name: "Tokenizers",
            dependencies: ["Files", "StrictJSON", .product(name: "SwiftProtobuf", package: "swift-protobuf")]),
        .target(name: "SQuAD", dependencies: ["CZlib", "Files", "StrictJSON"]),
        .systemLibrary(name: "CLibTorch", pkgConfig: "bertqa-libtorch"),
        .target(
            name: "CTorch", dependencies: ["CLibTorch"], sources: ["Units"],
            // libtorch's headers take longer to compile than the shim. With the define, a source includes those of the
            // operators that it calls instead of all; a unit compiles several sources with the headers read once.
            cxxSettings: [.headerSearchPath("Processes/Gloo"), .define("AT_PER_OPERATOR_HEADERS")]),
        .target(name: "Torch", dependencies: ["CTorch"]),
        .target(name: "BERT", dependencies: ["Torch", "Checkpoints", "Files", "StrictJSON"]),
        .target(
            name: "QuestionAnswering",
            dependencies: [
                "BERT", "Checkpoints", "CVectors", "Torch", "Tokenizers", "SQuAD", "Console", "Files", "StrictJSON",
            ]),
        .target(
            name: "Evaluating",
            dependencies: [
                "Retrieval", "QuestionAnswering", "BERT", "Torch", "Tokenizers", "SQuAD", "Charts", "Console", "Files",
                "StrictJSON",
            ]),
        .target(name: "Planning", dependencies: ["BERT", "Torch", "Console"]),
        .target(
            name: "FineTuning",
            dependencies: [
                "Evaluating", "Planning", "QuestionAnswering", "BERT", "Checkpoints", "Torch", "Tokenizers", "SQuAD",
                "Charts", "Console", "Files", "StrictJSON", .product(name: "Yams", package: "Yams"),
            ]),
        .target(
            name: "Export",
            dependencies: ["Checkpoints", "Files", .product(name: "SwiftProtobuf", package: "swift-protobuf")]),
        .target(
            name: "Hub",
            dependencies: [
                "Files", "StrictJSON", "SQuAD", "Checkpoints",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .target(name: "CVectors"),
        .target(
            name: "Retrieval",
            dependencies: [
                "Folders", "PostgreSQL", "CVectors", "Files", "StrictJSON",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        .target(
            name: "QAServer",
            dependencies: [
                "Retrieval", "QuestionAnswering", "Files", "StrictJSON",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "CoreMetrics", package: "swift-metrics"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
                .product(name: "NIOHTTPTypesHTTP1", package: "swift-nio-extras"),
                .product(name: "HTTPTypes", package: "swift-http-types"),
            ],
            resources: [
                .embedInCode("Page/index.html"), .embedInCode("Page/page.css"), .embedInCode("Page/common.js"),
                .embedInCode("Page/text.js"), .embedInCode("Page/conversation.js"), .embedInCode("Page/controls.js"),
                .embedInCode("API/openapi.json"),
            ]),
        .target(name: "CQuickStart"),
        .executableTarget(
            name: "bertqa",
            dependencies: [
                "CQuickStart", "Hub", "QAServer", "Retrieval", "Folders", "PostgreSQL", "Export",
                "FineTuning", "Planning", "Evaluating", "QuestionAnswering", "BERT", "Checkpoints", "Torch",
                "Tokenizers",
                "SQuAD", "Charts", "Console", "Files", "StrictJSON",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Yams", package: "Yams"), .product(name: "Logging", package: "swift-log"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
            ]),
        .executableTarget(
            name: "bertqa-bench",
            dependencies: [
                "QuestionAnswering", "BERT", "Torch", "Tokenizers", "SQuAD",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            path: "Benchmarks/BertQABench"),
        .executableTarget(
            name: "tokenizer-bench", dependencies: ["Tokenizers", "SQuAD"], path: "Benchmarks/TokenizerBench"),
        .executableTarget(
            name: "retrieval-bench", dependencies: ["Retrieval", "SQuAD", "Files"], path: "Benchmarks/RetrievalBench"),
        .target(
            name: "FuzzedParsers",
            dependencies: [
                "QAServer", "FineTuning", "BERT", "Charts", "Checkpoints", "Tokenizers", "SQuAD", "StrictJSON",
                .product(name: "NIOCore", package: "swift-nio"),
            ], path: "Fuzzing/Parsers"),
        .executableTarget(name: "bertqa-fuzz", dependencies: ["FuzzedParsers"], path: "Fuzzing/Fuzz"),
        .testTarget(
            name: "FuzzingTests", dependencies: ["FuzzedParsers"], path: "Fuzzing/Tests", resources: [.copy("Corpus")]),
        .target(name: "Scratch", dependencies: ["StrictJSON"], path: "Tests/Scratch"),
        .testTarget(name: "FilesTests", dependencies: ["Scratch", "Files"]),
        .testTarget(name: "ConsoleTests", dependencies: ["Console"]),
        .testTarget(name: "FoldersTests", dependencies: ["Scratch", "Folders"]),
        .target(name: "LocalPostgres", dependencies: ["PostgreSQL"], path: "Tests/LocalPostgres"),
        .testTarget(name: "PostgreSQLTests", dependencies: ["LocalPostgres", "PostgreSQL"]),
        .testTarget(name: "ChartsTests", dependencies: ["Charts", "CZlib"]),
        .testTarget(
            name: "CheckpointsTests", dependencies: ["Scratch", "Checkpoints", "Files", "StrictJSON"],
            resources: [.copy("Fixtures")]),
        .target(
            name: "GraphInterpreter",
            dependencies: ["Export", .product(name: "SwiftProtobuf", package: "swift-protobuf")],
            path: "Tests/GraphInterpreter"),
        .testTarget(
            name: "ExportTests", dependencies: ["Scratch", "GraphInterpreter", "Export", "Checkpoints", "Files"]),
        .testTarget(name: "StrictJSONTests", dependencies: ["StrictJSON"]),
        .testTarget(
            name: "TokenizersTests", dependencies: ["Tokenizers", "StrictJSON"], resources: [.copy("Fixtures")]),
        .testTarget(
            name: "SQuADTests", dependencies: ["Scratch", "SQuAD", "StrictJSON"], resources: [.copy("Fixtures")]),
        .target(name: "TestDevice", dependencies: ["Torch"], path: "Tests/TestDevice"),
        .testTarget(name: "TorchTests", dependencies: ["TestDevice", "Torch", "CTorch"]),
        .testTarget(
            name: "BERTTests",
            dependencies: ["Scratch", "TestDevice", "BERT", "Checkpoints", "Torch", "CTorch", "Files", "StrictJSON"],
            resources: [.copy("Fixtures")]),
        .testTarget(
            name: "QuestionAnsweringTests",
            dependencies: [
                "TestDevice", "Evaluating", "QuestionAnswering", "BERT", "Checkpoints", "Torch", "Tokenizers", "SQuAD",
                "StrictJSON",
            ],
            resources: [.copy("Fixtures")]),
        .target(
            name: "Workshop",
            dependencies: ["FineTuning", "QuestionAnswering", "BERT", "Torch", "Tokenizers", "SQuAD"],
            path: "Tests/Workshop"),
        .testTarget(
            name: "EvaluatingTests",
            dependencies: [
                "Scratch", "Workshop", "Evaluating", "Charts", "QuestionAnswering", "BERT", "SQuAD", "Files",
                "StrictJSON",
            ]),
        .testTarget(name: "PlanningTests", dependencies: ["Scratch", "Planning", "BERT", "Torch"]),
        .testTarget(
            name: "FineTuningTests",
            dependencies: [
                "Scratch", "Workshop", "FineTuning", "Planning", "Evaluating", "QuestionAnswering", "BERT",
                "Checkpoints",
                "Torch", "SQuAD", "Charts", "Console", "Files", "StrictJSON",
            ],
            resources: [.copy("Fixtures")]),
        .target(name: "LocalHub", dependencies: ["Files"], path: "Tests/LocalHub"),
        .testTarget(name: "HubTests", dependencies: ["LocalHub", "Hub", "SQuAD", "Files"]),
        .testTarget(
            name: "RetrievalTests",
            dependencies: [
                "Scratch", "LocalPostgres", "PostgreSQL", "Folders", "Files", "Retrieval", "StrictJSON",
                .product(name: "GRDB", package: "GRDB.swift"),
            ]),
        .testTarget(
            name: "QAServerTests",
            dependencies: [
                "Workshop", "QAServer", "QuestionAnswering", "BERT", "Torch", "Tokenizers", "StrictJSON",
                .product(name: "Hummingbird", package: "hummingbird"),
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "Tracing", package: "swift-distributed-tracing"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        .testTarget(
            name: "CommandTests",
            dependencies: [
                "Scratch", "LocalPostgres", "Workshop", "LocalHub", "GraphInterpreter", "SQuAD", "BERT", "Checkpoints",
                "Torch", "FineTuning", "Planning", "Evaluating",
                "Console", "Files", "StrictJSON", "bertqa",
                "tokenizer-bench", "bertqa-bench",
                .product(name: "AsyncHTTPClient", package: "async-http-client"),
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ],
            resources: [.copy("Fixtures")]),
    ],
    cxxLanguageStandard: .cxx20
)

// Optimising the tests takes longer than it saves, except where they compute the expected numbers in their own loops.
for target in package.targets where target.type == .test && target.name != "TorchTests" {
    target.swiftSettings = [.unsafeFlags(["-Onone"], .when(configuration: .release))]
}

// `make docs` asks for the plugin; who builds or depends on the package does not fetch it.
if Context.environment["BERTQA_DOCS"] != nil {
    package.dependencies.append(.package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"))
}

// Tools/sanitize_parsers.sh builds these tests and what they need by themselves: what reads files, without libtorch.
if let tests = Context.environment["BERTQA_ONLY_TESTS"] {
    var wanted = Set(tests.split(separator: ",").map(String.init))
    for target in package.targets.reversed() where wanted.contains(target.name) {
        for case .byNameItem(let name, _) in target.dependencies { wanted.insert(name) }
    }
    package.targets.removeAll { !wanted.contains($0.name) }
    package.products = []
    package.dependencies.removeAll { dependency in
        guard case .sourceControl(_, let location, _) = dependency.kind else { return true }
        return
            !(wanted.contains("Tokenizers") && location.hasSuffix("swift-protobuf")
            || wanted.contains("Retrieval") && location.hasSuffix("GRDB.swift"))
    }
}
