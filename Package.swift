// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "BertQA",
    platforms: [.macOS(.v14)],
    products: [
        .library(name: "WordPiece", targets: ["WordPiece"]),
        .library(name: "SQuAD", targets: ["SQuAD"]),
        .executable(name: "bertqa", targets: ["bertqa"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.2"),
    ],
    targets: [
        .target(name: "StrictJSON"),
        .target(name: "WordPiece", dependencies: ["StrictJSON"]),
        .target(name: "SQuAD", dependencies: ["StrictJSON"]),
        .target(name: "BERT", dependencies: ["StrictJSON"]),
        .executableTarget(
            name: "bertqa",
            dependencies: [
                "StrictJSON", "WordPiece", "SQuAD",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ]),
        .testTarget(name: "StrictJSONTests", dependencies: ["StrictJSON"]),
        .testTarget(name: "WordPieceTests", dependencies: ["WordPiece", "StrictJSON"], resources: [.copy("Fixtures")]),
        .testTarget(name: "BERTTests", dependencies: ["BERT", "StrictJSON"], resources: [.copy("Fixtures")]),
        .testTarget(name: "SQuADTests", dependencies: ["SQuAD", "StrictJSON"], resources: [.copy("Fixtures")]),
    ]
)
