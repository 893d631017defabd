// swift-tools-version: 6.1
// The command `conclave`: a package of its own, because it is a client of the library that ships. It knows the header
// alone and links libconclave.so, so that `cmake --preset release && cmake --build --preset release` comes first.
// CONCLAVE_LIBRARY_DIRECTORY names another place of the library than build/release/lib.
import PackageDescription

let libraryDirectory =
    Context.environment["CONCLAVE_LIBRARY_DIRECTORY"] ?? Context.packageDirectory + "/../build/release/lib"
let package = Package(
    name: "conclave-tools",
    products: [.executable(name: "conclave", targets: ["ConclaveCommand"])],
    dependencies: [.package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2")],
    targets: [
        .systemLibrary(name: "CConclave"),
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .executableTarget(
            name: "ConclaveCommand",
            dependencies: [
                "CConclave", "COpenSSL", .product(name: "ArgumentParser", package: "swift-argument-parser"),
            ],
            swiftSettings: [
                .enableUpcomingFeature("ExistentialAny"),
                .enableUpcomingFeature("InternalImportsByDefault"),
                .enableUpcomingFeature("MemberImportVisibility"),
                .unsafeFlags(["-warnings-as-errors"]),
            ],
            linkerSettings: [
                .linkedLibrary("conclave"),
                // Once installed, the command finds the library beside it (scripts/install), else where the system
                // looks.
                .unsafeFlags(["-L" + libraryDirectory, "-Xlinker", "-rpath", "-Xlinker", "$ORIGIN/../lib"]),
            ]),
    ],
    swiftLanguageModes: [.v6]
)
