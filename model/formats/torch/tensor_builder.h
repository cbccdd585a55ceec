#pragma once

#include "formats/torch/storage_table.h"

#include <optional>
#include <string_view>

namespace quantscope {

/// Does what torch._utils' rebuild functions would do, from their arguments alone: yields a view of a storage.
/// Every function throws ParseError without the tensor's name, which the caller adds.
class TensorBuilder {
public:
    TensorBuilder(const PickleTree &tree, const StorageTable &storages, const Limits &limits, Budget &budget)
        : m_tree(tree)
        , m_storages(storages)
        , m_limits(limits)
        , m_budget(budget)
    {
    }

    /// The tensor that a Call node would make, or nothing when it makes no single tensor. Wrappers (parameters,
    /// subclasses of a plain tensor) are looked through. `plainOnly` leaves quantized tensors out.
    std::optional<TensorInfo> build(PickleRef node, bool plainOnly = false) const;
    /// True for a Call of one of the functions that make a tensor; nothing is checked.
    bool makesTensor(PickleRef node) const;
    /// A storage by itself, as a one-dimensional tensor.
    TensorInfo wholeStorage(PickleRef persistent) const;

private:
    TensorInfo view(PickleRef arguments, bool dtypeIsLast) const;
    TensorInfo quantized(PickleRef arguments) const;
    TensorInfo meta(PickleRef arguments) const;
    TensorInfo unknownType(const std::string &type, PickleRef shape) const;
    StoredAffine affine(PickleRef parameters, const TensorInfo &tensor) const;
    std::vector<double> numbers(PickleRef node, std::uint64_t expected, bool &isFloat) const;
    void applyMetadata(PickleRef metadata, TensorInfo &tensor) const;
    void setView(TensorInfo &tensor, PickleRef offset, PickleRef shape, PickleRef strides) const;
    std::span<const PickleRef> argumentsOf(PickleRef arguments, std::size_t least) const;
    std::vector<std::int64_t> integers(PickleRef node) const;
    DType dtypeOf(PickleRef node) const;

    const PickleTree &m_tree;
    const StorageTable &m_storages;
    const Limits &m_limits;
    Budget &m_budget;
};

/// The rule of torch.as_strided: every element that the shape can reach lies within `capacity` elements. Throws
/// ParseError.
void requireWithin(std::span<const std::int64_t> shape, std::span<const std::int64_t> strides, std::uint64_t offset,
    std::uint64_t capacity, const Limits &limits);

/// Checks shape, strides and first element of a view against its storage, and says of one that repeats too much that it
/// is not read. Throws ParseError.
void placeView(TensorInfo &tensor, const Limits &limits);

} // namespace quantscope
