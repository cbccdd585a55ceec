#include "formats/torch/storage_table.h"

#include "base/checked.h"
#include "base/text.h"

#include <fmt/format.h>

namespace quantscope {

namespace {

struct TypeName {
    std::string_view storage;
    std::string_view dtype;
    DType type;
};

/// torch/storage.py and c10/core/ScalarType.h, PyTorch 2.x. Names without a storage class exist as dtype alone.
constexpr TypeName kTypes[] = {{"DoubleStorage", "float64", DType::Float64},
    {"FloatStorage", "float32", DType::Float32}, {"HalfStorage", "float16", DType::Float16},
    {"BFloat16Storage", "bfloat16", DType::BFloat16}, {"CharStorage", "int8", DType::Int8},
    {"ByteStorage", "uint8", DType::UInt8}, {"ShortStorage", "int16", DType::Int16},
    {"IntStorage", "int32", DType::Int32}, {"LongStorage", "int64", DType::Int64}, {"BoolStorage", "bool", DType::Bool},
    {"ComplexFloatStorage", "complex64", DType::Complex64}, {"ComplexDoubleStorage", "complex128", DType::Complex128},
    {"QInt8Storage", "qint8", DType::QInt8}, {"QUInt8Storage", "quint8", DType::QUInt8},
    {"QInt32Storage", "qint32", DType::QInt32}, {"QUInt4x2Storage", "quint4x2", DType::QUInt4x2},
    {"QUInt2x4Storage", "quint2x4", DType::QUInt2x4}, {"UntypedStorage", "", DType::UInt8},
    {"_UntypedStorage", "", DType::UInt8}, {"", "uint16", DType::UInt16}, {"", "uint32", DType::UInt32},
    {"", "uint64", DType::UInt64}, {"", "float8_e4m3fn", DType::Float8E4M3FN},
    {"", "float8_e4m3fnuz", DType::Float8E4M3FNUZ}, {"", "float8_e5m2", DType::Float8E5M2},
    {"", "float8_e5m2fnuz", DType::Float8E5M2FNUZ}, {"", "float8_e8m0fnu", DType::Float8E8M0},
    {"", "double", DType::Float64}, {"", "float", DType::Float32}, {"", "half", DType::Float16},
    {"", "long", DType::Int64}, {"", "int", DType::Int32}, {"", "short", DType::Int16}};

constexpr std::size_t kLongestType = 120;

} // namespace

DType dtypeOfStorageClass(std::string_view name)
{
    for (const TypeName &row : kTypes)
        if (!name.empty() && row.storage == name)
            return row.type;
    return DType::Unknown;
}

DType dtypeOfTorchName(std::string_view name)
{
    for (const TypeName &row : kTypes)
        if (!name.empty() && row.dtype == name)
            return row.type;
    return DType::Unknown;
}

std::uint64_t codesPerItem(DType dtype) { return dtype == DType::QUInt4x2 ? 2 : dtype == DType::QUInt2x4 ? 4 : 1; }
std::uint64_t storageItemBytes(DType dtype) { return codesPerItem(dtype) > 1 ? 1 : dtypeBits(dtype) / 8; }

StorageTable::StorageTable(const PickleTree &tree, const ZipArchive &archive, const std::string &folder,
    const std::string &suffix, bool bigEndian, Budget &budget)
    : m_tree(tree)
    , m_archive(archive)
    , m_folder(folder)
    , m_suffix(suffix)
    , m_bigEndian(bigEndian)
{
    for (PickleRef ref = 0; ref < tree.size(); ++ref)
        if (tree.is(ref, PickleKind::Persistent)) {
            const auto &added = m_refs.emplace(ref, resolve(ref)).first->second;
            constexpr std::uint64_t kHashNode = 48;
            budget.charge(sizeof(StorageRef) + kHashNode + added.key.size(), "the list of storages");
        }
}

std::string StorageTable::keyOf(PickleRef key) const
{
    if (m_tree.is(key, PickleKind::Int)) // torch.package counts with integers
        return std::to_string(m_tree.integer(key));
    const std::string_view text = m_tree.text(key);
    if (!m_tree.is(key, PickleKind::Text) || text.empty() || text.find_first_of("/\\") != std::string_view::npos)
        throw ParseError(
            fmt::format("a storage has the key '{}', which names no record", printable(text.substr(0, 80))));
    return std::string(text);
}

StorageRef StorageTable::resolve(PickleRef persistent)
{
    const PickleRef id = m_tree.persistentId(persistent);
    const auto parts = m_tree.items(id);
    if (!m_tree.is(id, PickleKind::Tuple) || parts.size() < 5)
        throw ParseError("a persistent id of the pickle does not describe a storage");
    if (!m_tree.is(parts[0], PickleKind::Text) || m_tree.text(parts[0]) != "storage")
        throw ParseError(
            fmt::format("a persistent id has the unknown kind '{}'", printable(m_tree.text(parts[0]).substr(0, 40))));
    StorageRef out;
    out.key = keyOf(parts[2]);
    const std::string type = m_tree.globalName(parts[1]);
    if (type.starts_with("torch."))
        out.dtype = dtypeOfStorageClass(m_tree.globalAttribute(parts[1]));
    out.type = printable(type.empty() ? "(no class)" : type.substr(0, kLongestType));
    if (!m_tree.is(parts[4], PickleKind::Int) || m_tree.integer(parts[4]) < 0)
        throw ParseError(fmt::format("storage '{}' has no valid number of elements", printable(out.key)));
    out.elements = static_cast<std::uint64_t>(m_tree.integer(parts[4]));
    const ZipEntry *entry = m_archive.find(m_folder + out.key + m_suffix);
    if (entry == nullptr)
        throw ParseError(fmt::format("storage '{}' is missing: the archive has no {}", printable(out.key),
            printable(m_folder + out.key + m_suffix)));
    const std::uint64_t bytes = out.dtype == DType::Unknown
        ? entry->size
        : checkedMul(out.elements, storageItemBytes(out.dtype), "the size of storage '" + printable(out.key) + "'");
    if (bytes > entry->size)
        throw ParseError(
            fmt::format("storage '{}' needs {} bytes and its record has {}", printable(out.key), bytes, entry->size),
            entry->dataOffset);
    const auto [known, isNew] = m_storages.try_emplace(entry);
    if (isNew)
        known->second = m_archive.storage(*entry);
    out.storage = known->second;
    out.storage.bytes = bytes;
    out.storage.bigEndian = m_bigEndian;
    out.storage.id = static_cast<std::uint64_t>(entry - m_archive.entries().data()) + 1;
    return out;
}

} // namespace quantscope
