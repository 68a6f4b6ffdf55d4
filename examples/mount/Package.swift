// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "mount",
    platforms: [.macOS(.v15)],
    dependencies: [
        .package(name: "BertQA", path: "../.."),
        .package(
            url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1", traits: ["FullFoundation"]),
    ],
    targets: [
        .executableTarget(
            name: "mount",
            dependencies: [
                .product(name: "QAServer", package: "BertQA"), .product(name: "Hummingbird", package: "hummingbird"),
            ],
            path: "Sources")
    ]
)
