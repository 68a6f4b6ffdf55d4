// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "ask",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "BertQA", path: "../..")],
    targets: [
        .executableTarget(
            name: "ask", dependencies: [.product(name: "QuestionAnswering", package: "BertQA")], path: "Sources")
    ]
)
