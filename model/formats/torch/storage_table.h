#pragma once

#include "formats/pickle/pickle_tree.h"
#include "formats/zip/zip_archive.h"
#include "tensor/tensor.h"

#include <string>
#include <unordered_map>

namespace quantscope {

/// A storage that a pickle names: where its bytes lie and what its elements are.
struct StorageRef {
    DType dtype = DType::Unknown; ///< Unknown: of a class that is not known, `type`
    std::string type; ///< printable name of the storage's class
    std::uint64_t elements = 0;
    std::string key;
    Storage storage;
};

/// Element type of a storage class ("FloatStorage") or of a torch dtype ("float32"); Unknown for other words.
DType dtypeOfStorageClass(std::string_view name);
DType dtypeOfTorchName(std::string_view name);
/// Bytes of one storage element; the packed types keep several codes in a byte, which is their element here.
std::uint64_t storageItemBytes(DType dtype);
/// Codes in one storage element: 2 for quint4x2, 4 for quint2x4, else 1.
std::uint64_t codesPerItem(DType dtype);

/// Resolves every persistent id of a pickle to a record of the archive. Throws ParseError for an id that is not a
/// storage, a record that is absent, and one that is shorter than the pickle says. A storage of an unknown class is no
/// error: its tensors are listed and cannot be read.
class StorageTable {
public:
    /// `folder` holds the records ("archive/data/"), `suffix` ends their names (".storage" in torch.package).
    StorageTable(const PickleTree &tree, const ZipArchive &archive, const std::string &folder,
        const std::string &suffix, bool bigEndian, Budget &budget);
    const StorageRef &at(PickleRef persistent) const { return m_refs.at(persistent); }

private:
    StorageRef resolve(PickleRef persistent);
    std::string keyOf(PickleRef key) const;
    const PickleTree &m_tree;
    const ZipArchive &m_archive;
    std::string m_folder;
    std::string m_suffix;
    bool m_bigEndian;
    std::unordered_map<PickleRef, StorageRef> m_refs;
    std::unordered_map<const ZipEntry *, Storage> m_storages;
};

} // namespace quantscope
