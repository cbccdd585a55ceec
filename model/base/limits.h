#pragma once

#include <cstdint>

namespace quantscope {

/// Every bound that a hostile file meets, with its reason. Readers take it as a parameter so that fuzzing can lower it.
struct Limits {
    /// A pickle of 100,000 tensors is 20 MB; ours is held in memory whole.
    std::uint64_t pickleBytes = 256ull << 20;
    /// Nodes of the restricted pickle machine; 100,000 tensors need about 2 million.
    std::uint64_t pickleNodes = 8'000'000;
    /// Containers inside containers; real checkpoints stay below 20.
    std::uint32_t depth = 1000;
    /// numpy and torch stop at 64 axes.
    std::uint32_t rank = 64;
    /// 2^48 elements are 281 T: more is a damaged number, and int64 byte counts stay safe.
    std::uint64_t elements = 1ull << 48;
    /// Elements of a tensor that its strides make of fewer (expand): a kilobyte of file must not cost hours.
    std::uint64_t repeatedElements = 1ull << 30;
    /// Members of a zip archive.
    std::uint64_t zipEntries = 4'000'000;
    /// Inflated size over deflated size: deflate itself ends at about 1030, code text stays below 20.
    std::uint64_t inflateRatio = 200;
    /// Largest inflated member that is held in memory.
    std::uint64_t inflateBytes = 512ull << 20;
    /// Graphs inside graphs (If, Loop, Scan); real models stay below 5.
    std::uint32_t graphDepth = 64;
    /// Nodes of an ONNX graph with its subgraphs.
    std::uint64_t graphNodes = 4'000'000;
    /// Nodes that calls of a file's functions make of fewer: a kilobyte of file must not cost gigabytes. The largest
    /// language models have about 100,000.
    std::uint64_t calledNodes = 400'000;
    /// Elements of one constant-folded value.
    std::uint64_t foldElements = 1ull << 22;
    /// Nodes on the way up while folding one value.
    std::uint32_t foldDepth = 200;
    /// Bytes held in memory for values that are not stored contiguously (typed protobuf fields).
    std::uint64_t ownedTensorBytes = 1ull << 30;
    /// Memory for what a reader builds, beside twice the file's own size: 100,000 tensors take about 90 MB of a file
    /// that has at least 40 MB itself.
    std::uint64_t readBytes = 64ull << 20;
    /// A recipe is written by hand.
    std::uint64_t recipeBytes = 4ull << 20;
};

/// The same for the code of TorchScript archives.
struct CodeLimits {
    /// Text of all files; a Faster R-CNN has 285 KB.
    std::uint64_t bytes = 64ull << 20;
    /// Brackets in brackets and blocks in blocks; printed code stays below 20.
    std::uint32_t nesting = 200;
    /// Statements and expressions that are followed through its calls: a function that calls another twice, which does
    /// the same, doubles the work with each line.
    std::uint64_t steps = 4'000'000;
    /// Expressions, statements and calls that are open at once.
    std::uint32_t depth = 800;
};
inline constexpr CodeLimits kCodeLimits;

} // namespace quantscope
