#pragma once

#include "tensor/tensor.h"

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// The order of a tensor's elements in an exported file: a permutation of its axes.
struct Layout {
    std::string name; ///< "source", "hwio", "ohwi", "io"
    std::vector<std::size_t> axes; ///< axes[k] = source axis at exported position k
    Shape dims; ///< exported shape
    std::string index; ///< "((o*3+h)*3+w)*1+i"
    std::string axisNames; ///< exported order, such as "[o][h][w][i]"

    /// Source (row-major) index of the element at exported position `flat`, and back.
    std::uint64_t sourceIndex(std::uint64_t flat, std::span<const std::int64_t> sourceShape) const;
    std::uint64_t exportedIndex(std::uint64_t source, std::span<const std::int64_t> sourceShape) const;
};

/// Names that `--layout` takes.
std::span<const std::string_view> layoutNames();

/// The layout for a tensor; `outChannelAxis` is 1 for transposed convolutions (whose source order is i,o,...), and
/// `channelsLast` says that it is o,...,i.
/// A layout that does not fit the rank falls back to `source`; `fellBack` tells. nullopt for an unknown name.
std::optional<Layout> makeLayout(std::string_view name, std::span<const std::int64_t> shape, int outChannelAxis,
    bool *fellBack = nullptr, bool channelsLast = false);

/// The same for a weight whose axes stand in an order of their own, by their letters: "h", "w", "i", "o". Letters that
/// are no convolution's fit no layout but `source`.
Layout layoutOfLetters(
    std::string_view name, std::span<const std::string> letters, std::span<const std::int64_t> shape);

/// Source order, with letters of the axes that are no convolution's: "[s][i][o]".
Layout sourceLayout(std::span<const std::string> letters, std::span<const std::int64_t> shape);

} // namespace quantscope
