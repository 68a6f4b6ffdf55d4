// swift-tools-version: 6.1
import PackageDescription

let package = Package(
    name: "train",
    platforms: [.macOS(.v15)],
    dependencies: [.package(name: "BertQA", path: "../..")],
    targets: [
        .executableTarget(
            name: "train",
            dependencies: [
                .product(name: "SQuAD", package: "BertQA"), .product(name: "FineTuning", package: "BertQA"),
                .product(name: "QuestionAnswering", package: "BertQA"),
            ],
            path: "Sources")
    ]
)
