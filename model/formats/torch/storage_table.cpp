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

std::string keyOf(const PickleTree &tree, PickleRef key)
{
    if (tree.is(key, PickleKind::Int)) // torch.package counts with integers
        return std::to_string(tree.integer(key));
    const std::string_view text = tree.text(key);
    if (!tree.is(key, PickleKind::Text) || text.empty() || text.find_first_of("/\\") != std::string_view::npos)
        throw ParseError(
            fmt::format("a storage has the key '{}', which names no record", printable(text.substr(0, 80))));
    return std::string(text);
}

std::uint64_t elementsOf(const PickleTree &tree, PickleRef number, const StorageRef &ref)
{
    if (!tree.is(number, PickleKind::Int) || tree.integer(number) < 0)
        throw ParseError(fmt::format("storage '{}' has no valid number of elements", printable(ref.key)));
    return static_cast<std::uint64_t>(tree.integer(number));
}

/// (key of the view, offset, elements): before PyTorch 1.0 storages could be parts of storages.
void applyView(const PickleTree &tree, PickleRef view, StorageRef &ref)
{
    const auto parts = tree.items(view);
    if (!tree.is(view, PickleKind::Tuple) || parts.size() != 3)
        return;
    ref.viewOffset = elementsOf(tree, parts[1], ref);
    ref.viewElements = elementsOf(tree, parts[2], ref);
    if (checkedAdd(ref.viewOffset, *ref.viewElements, "a view of a storage") > ref.elements)
        throw ParseError(fmt::format("a view of storage '{}' needs {} elements and it has {}", printable(ref.key),
            ref.viewOffset + *ref.viewElements, ref.elements));
}

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

std::optional<StorageRef> describeStorage(const PickleTree &tree, PickleRef persistent)
{
    if (tree.classOf(persistent) != kNoPickleRef)
        return std::nullopt;
    const PickleRef id = tree.persistentId(persistent);
    const auto parts = tree.items(id);
    if (!tree.is(id, PickleKind::Tuple) || parts.size() < 5)
        throw ParseError("a persistent id of the pickle does not describe a storage");
    if (!tree.is(parts[0], PickleKind::Text) || tree.text(parts[0]) != "storage")
        throw ParseError(
            fmt::format("a persistent id has the unknown kind '{}'", printable(tree.text(parts[0]).substr(0, 40))));
    StorageRef out;
    out.key = keyOf(tree, parts[2]);
    const std::string type = tree.globalName(parts[1]);
    if (type.starts_with("torch."))
        out.dtype = dtypeOfStorageClass(tree.globalAttribute(parts[1]));
    out.type = printable(type.empty() ? "(no class)" : type.substr(0, kLongestType));
    out.elements = elementsOf(tree, parts[4], out);
    if (parts.size() > 5)
        applyView(tree, parts[5], out);
    return out;
}

StorageTable::StorageTable(const PickleTree &tree, const StorageRecords &records, Budget &budget)
{
    constexpr std::uint64_t kHashNode = 48;
    for (PickleRef ref = 0; ref < tree.size(); ++ref)
        if (tree.is(ref, PickleKind::Persistent)) {
            resolve(tree, records, ref);
            const auto found = m_refs.find(ref);
            budget.charge(sizeof(StorageRef) + kHashNode + (found == m_refs.end() ? 0 : found->second.key.size()),
                "the list of storages");
        }
}

void StorageTable::resolve(const PickleTree &tree, const StorageRecords &records, PickleRef persistent)
{
    const PickleRef id = tree.persistentId(persistent);
    if (const bool isKey = tree.is(id, PickleKind::Text) || tree.is(id, PickleKind::Int); isKey)
        if (auto tensor = records.tensor(
                tree.is(id, PickleKind::Int) ? std::to_string(tree.integer(id)) : std::string(tree.text(id)))) {
            m_tensors.emplace(persistent, std::move(*tensor));
            return;
        }
    auto ref = describeStorage(tree, persistent);
    if (!ref)
        return;
    ref->storage = records.record(*ref);
    if (ref->dtype == DType::Unknown)
        ref->viewElements.reset();
    const std::string what = "the size of storage '" + printable(ref->key) + "'";
    const std::uint64_t item = ref->dtype == DType::Unknown ? 0 : storageItemBytes(ref->dtype);
    const std::uint64_t bytes
        = ref->dtype == DType::Unknown ? ref->storage.bytes : checkedMul(ref->elements, item, what);
    if (bytes > ref->storage.bytes)
        throw ParseError(fmt::format("storage '{}' needs {} bytes and its record has {}", printable(ref->key), bytes,
                             ref->storage.bytes),
            ref->storage.offset);
    ref->storage.bytes = bytes;
    if (ref->viewElements) {
        ref->storage.offset += ref->viewOffset * item;
        ref->storage.bytes = *ref->viewElements * item;
        ref->elements = *ref->viewElements;
    }
    m_refs.emplace(persistent, std::move(*ref));
}

const StorageRef &StorageTable::at(PickleRef persistent) const
{
    const auto found = m_refs.find(persistent);
    if (found == m_refs.end())
        throw ParseError("is made of a persistent id that is no storage");
    return found->second;
}

const TensorInfo *StorageTable::tensor(PickleRef persistent) const
{
    const auto found = m_tensors.find(persistent);
    return found == m_tensors.end() ? nullptr : &found->second;
}

} // namespace quantscope
