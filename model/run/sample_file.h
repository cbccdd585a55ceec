#pragma once

#include "base/error.h"
#include "tensor/tensor.h"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace quantscope {

/// An array of a file that can be samples or labels.
struct SampleArray {
    std::string place; ///< FILE, or FILE.npz:KEY where it is one of several
    std::string name; ///< its key; empty where the file is an array itself
    Shape shape;
    DType dtype;

    bool canBeLabels() const; ///< one integer a sample
};

/// The file of FILE or FILE.npz:KEY.
std::string samplePath(const std::string &place);

/// The arrays of numbers in a file whose first axis can count samples. Errors: as SampleFile::open.
Result<std::vector<SampleArray>> sampleArrays(const std::string &path);

/// Samples or labels in a file: .npy, an array of an .npz, IDX (of the MNIST files), the last also gzipped. The first
/// axis counts samples. Headers are read, elements when somebody asks: a file of a gigabyte is never held whole.
class SampleFile {
public:
    /// `place` is FILE, or FILE.npz:KEY. Without a key the array of an .npz is its only one, or the one named `wanted`.
    /// Errors: Io (absent), Usage (which array, naming those that there are), Parse.
    static Result<SampleFile> open(const std::string &place, std::string_view wanted = {});

    const std::string &path() const { return m_path; }
    const std::string &arrayName() const { return m_tensor->name; } ///< in the file
    const Shape &shape() const { return m_tensor->shape; }
    DType dtype() const { return m_tensor->dtype; }
    std::uint64_t samples() const { return static_cast<std::uint64_t>(shape().front()); }
    std::uint64_t sampleSize() const; ///< elements of one

    /// Samples [begin, begin + count) as little-endian elements of another type: Float32, Float64, Bool or an integer
    /// of whole bytes, which is the type of `whose`. Throws ParseError naming the sample: for bytes that are not there,
    /// what is not finite, and what the type does not hold (a fraction, a number out of its range).
    std::vector<std::byte> read(
        std::uint64_t begin, std::uint64_t count, DType as, std::string_view whose = "the graph's input");

private:
    SampleFile(std::string path, TensorInfo tensor);

    std::string m_path;
    std::shared_ptr<const TensorInfo> m_tensor;
    std::unique_ptr<TensorReader> m_reader;
};

/// One label a sample. Errors: as SampleFile::open; Parse (no integers, negative, not one axis); Usage (another count
/// than `samples`).
Result<std::vector<std::int64_t>> readLabels(const std::string &place, std::uint64_t samples);

} // namespace quantscope
