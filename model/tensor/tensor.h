#pragma once

#include "base/byte_source.h"
#include "base/limits.h"
#include "tensor/dtype.h"

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace quantscope {

using Shape = std::vector<std::int64_t>;

/// Number of elements of a shape, checked factor by factor; throws ParseError for a negative axis or more than
/// `limits.elements`. A zero axis makes it 0.
std::uint64_t elementCount(std::span<const std::int64_t> shape, const Limits &limits = {});

/// Row-major strides in elements.
std::vector<std::int64_t> contiguousStrides(std::span<const std::int64_t> shape);

/// A run of bytes in a source that tensors view. Tensors with equal `id` (and a non-zero one) alias each other.
struct Storage {
    std::shared_ptr<const ByteSource> source;
    std::uint64_t offset = 0; ///< bytes from the start of the source
    std::uint64_t bytes = 0;
    bool bigEndian = false;
    std::uint64_t id = 0;
};

/// Quantization parameters that a container stores with a tensor (torch's qint types).
struct StoredAffine {
    std::vector<double> scales; ///< one, or one per slice along axis
    std::vector<double> zeroPoints;
    std::optional<int> axis;
    bool floatZeroPoint = false;
};

/// One named tensor of a file: a strided view of a storage. No element is read until somebody asks.
struct TensorInfo {
    std::string name;
    DType dtype = DType::Unknown;
    Shape shape;
    std::vector<std::int64_t> strides; ///< in elements; empty means row-major contiguous
    std::uint64_t firstElement = 0; ///< element offset into the storage
    Storage storage;
    std::optional<StoredAffine> affine;
    /// Not empty when the elements cannot be read; a sentence without the tensor's name.
    std::string problem;

    /// Elements; 0 when the shape itself is broken.
    std::uint64_t count() const;
    bool readable() const { return problem.empty() && storage.source != nullptr; }
    bool isContiguous() const;
};

/// Random and sequential reading of a tensor's elements in row-major order of its shape, whatever the storage order.
/// Not safe for use from two threads at once: give each its own reader. The TensorInfo must outlive it.
/// Every read throws ParseError when the bytes are not there.
class TensorReader {
public:
    explicit TensorReader(const TensorInfo &tensor);

    /// Elements [begin, begin + out.size()) as float32. Wider types are rounded to nearest even.
    void floats(std::uint64_t begin, std::span<float> out);
    /// The same for integer and packed types; throws ParseError for floating types.
    void integers(std::uint64_t begin, std::span<std::int64_t> out);
    /// The bit pattern of each element, zero-extended (minifloats, hex views).
    void patterns(std::uint64_t begin, std::span<std::uint64_t> out);
    /// Contiguous little-endian bytes of elements [begin, begin + count); not for packed types. Valid until the next
    /// call.
    std::span<const std::byte> bytes(std::uint64_t begin, std::uint64_t count);

private:
    void requireRange(std::uint64_t begin, std::uint64_t count) const;
    std::span<const std::byte> contiguousBytes(std::uint64_t begin, std::uint64_t count);
    std::span<const std::byte> stridedBytes(std::uint64_t begin, std::uint64_t count);
    std::uint64_t storageElement(std::uint64_t flat) const;
    /// Bytes of the storage, from a window that stays in memory.
    std::span<const std::byte> storageBytes(std::uint64_t offset, std::uint64_t length);
    void readStorage(std::uint64_t offset, std::span<std::byte> out) const;

    const TensorInfo &m_tensor;
    std::uint64_t m_count = 0;
    unsigned m_bits = 0;
    bool m_contiguous = true;
    std::vector<std::byte> m_elements;
    std::vector<std::byte> m_window;
    std::uint64_t m_windowBegin = 0;
};

/// Whole tensors, for the small ones (biases, scales). Throws ParseError above `maxElements`.
std::vector<float> readFloats(const TensorInfo &tensor, std::uint64_t maxElements = 1ull << 28);
std::vector<std::int64_t> readIntegers(const TensorInfo &tensor, std::uint64_t maxElements = 1ull << 28);

/// SHA-256 of the contiguous little-endian bytes. Sub-byte ONNX types are packed, flat, low part first; torch's
/// quint4x2 and quint2x4 count one byte a code, as torch shows them.
std::string tensorSha256(const TensorInfo &tensor);

} // namespace quantscope
