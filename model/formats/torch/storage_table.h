#pragma once

#include "formats/pickle/pickle_tree.h"
#include "tensor/tensor.h"

#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace quantscope {

/// A storage that a pickle names: where its bytes lie and what its elements are.
struct StorageRef {
    DType dtype = DType::Unknown; ///< Unknown: of a class that is not known, `type`
    std::string type; ///< printable name of the storage's class
    std::uint64_t elements = 0;
    std::string key;
    std::uint64_t viewOffset = 0; ///< elements of the record before the part that this storage is
    std::optional<std::uint64_t> viewElements; ///< of that part; none: all of the record
    Storage storage;
};

/// Element type of a storage class ("FloatStorage") or of a torch dtype ("float32"); Unknown for other words.
DType dtypeOfStorageClass(std::string_view name);
DType dtypeOfTorchName(std::string_view name);
/// Bytes of one storage element; the packed types keep several codes in a byte, which is their element here.
std::uint64_t storageItemBytes(DType dtype);
/// Codes in one storage element: 2 for quint4x2, 4 for quint2x4, else 1.
std::uint64_t codesPerItem(DType dtype);

/// Where a container keeps what the persistent ids of its pickle name.
class StorageRecords {
public:
    virtual ~StorageRecords() = default;
    /// All bytes of a storage's record, with an id that only it has; throws ParseError when there is none.
    virtual Storage record(const StorageRef &ref) const = 0;
    /// What an id names that is a key alone: the oldest checkpoints keep whole tensors under such keys.
    virtual std::optional<TensorInfo> tensor(std::string_view) const { return std::nullopt; }
};

/// What a persistent id says of a storage, without its bytes; nullopt for one that stands for a class. Throws
/// ParseError for an id that is neither.
std::optional<StorageRef> describeStorage(const PickleTree &tree, PickleRef persistent);

/// Resolves every persistent id of a pickle to a record of its container. Throws ParseError for an id that is not
/// known, a record that is absent, and one that is shorter than the pickle says. A storage of an unknown class is no
/// error: its tensors are listed and cannot be read.
class StorageTable {
public:
    StorageTable(const PickleTree &tree, const StorageRecords &records, Budget &budget);
    /// Throws ParseError for a persistent id that is no storage.
    const StorageRef &at(PickleRef persistent) const;
    /// The tensor that a persistent id names by itself, or nullptr.
    const TensorInfo *tensor(PickleRef persistent) const;

private:
    void resolve(const PickleTree &tree, const StorageRecords &records, PickleRef persistent);
    std::unordered_map<PickleRef, StorageRef> m_refs;
    std::unordered_map<PickleRef, TensorInfo> m_tensors;
};

} // namespace quantscope
