#pragma once

#include <string>
#include <vector>

namespace quantscope {

/// How the elements of memory files share a word; formats whose words hold one element do not ask.
struct Packing {
    /// No memory is wider than some thousand bits; a larger number is a slip, and its words would not fit a line.
    static constexpr int kMostElements = 1024;

    int elements = 1; ///< of one word, 1 to kMostElements
    std::string firstElement = "lsb"; ///< where element 0 of a word stands: "lsb" or "msb"

    bool operator==(const Packing &) const = default;
    bool isDefault() const { return elements == 1 && firstElement == "lsb"; }
};

struct ExportRequest {
    std::vector<std::string> layers; ///< layer names; empty: every layer that has a quantized tensor
    std::vector<std::string> formats; ///< names of writers(); one that is named twice is written once
    std::string layout = "source";
    Packing packing;
    std::string folder;
    bool verify = false;

    bool operator==(const ExportRequest &) const = default;
};

} // namespace quantscope
