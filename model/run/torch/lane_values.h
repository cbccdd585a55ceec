#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include <ATen/core/ivalue.h>
#include <c10/util/SmallVector.h>

namespace quantscope {

/// What flows along one edge of the graph while several pieces of data run node by node: a value of each piece, or one
/// that all of them have.
class LaneValues {
public:
    explicit LaneValues(c10::IValue ofAll) { m_values.push_back(std::move(ofAll)); }
    explicit LaneValues(std::vector<c10::IValue> ofEach)
        : m_values(std::make_move_iterator(ofEach.begin()), std::make_move_iterator(ofEach.end()))
    {
    }

    bool isOfAll() const { return m_values.size() == 1; }
    std::size_t count() const { return m_values.size(); }
    const c10::IValue &at(std::size_t piece) const { return m_values[isOfAll() ? 0 : piece]; }
    /// Of the tensors, each memory once.
    std::uint64_t bytes() const;

private:
    c10::SmallVector<c10::IValue, 1> m_values;
};

using HeldValue = std::shared_ptr<const LaneValues>;

HeldValue heldPieces(const std::vector<at::Tensor> &ofEach);

/// Contiguous tensors of one type and one shape behind each other along the first axis; nothing where they are not
/// that, or have no axis.
std::optional<at::Tensor> joinedPieces(const std::vector<at::Tensor> &pieces);

/// Parts of the first axis, as many as that, which divide it.
std::vector<at::Tensor> splitPieces(const at::Tensor &joined, std::size_t count);

/// Calls work(0) to work(count - 1), on all cores where libtorch would not use several for one of them.
void forEachPiece(std::size_t count, bool areSmall, const std::function<void(std::size_t)> &work);

/// No operator of libtorch takes several threads for tensors of that size, so that running several pieces at once gives
/// the bits of running one after the other.
bool isSmallPiece(const c10::IValue &value);

} // namespace quantscope
