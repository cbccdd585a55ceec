#include "run/sample_file.h"

#include "base/checked.h"
#include "base/text.h"
#include "formats/numpy/numpy.h"
#include "run/gzip_file.h"
#include "run/idx_file.h"
#include "tensor/element.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <limits>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::uint64_t kHeadBytes = 4096;
constexpr std::uint64_t kMostLabels = 1ull << 28;

struct SamplePlace {
    std::string path, key;
};

/// A path may hold colons itself.
SamplePlace placeOf(const std::string &text)
{
    std::error_code failed;
    const std::size_t colon = text.rfind(':');
    if (colon == std::string::npos || std::filesystem::exists(text, failed))
        return {text, {}};
    const std::string before = text.substr(0, colon);
    return before.ends_with(".npz") || std::filesystem::is_regular_file(before, failed)
        ? SamplePlace{before, text.substr(colon + 1)}
        : SamplePlace{text, {}};
}

/// Thrown by what chooses; becomes an Error of kind Usage.
struct SampleChoiceFailure {
    std::string message;
};

TensorInfo chosenArray(std::vector<TensorInfo> arrays, const std::string &key, std::string_view wanted)
{
    std::vector<std::string> names;
    for (const TensorInfo &array : arrays)
        names.push_back(array.name);
    const auto named = [&](std::string_view name) { return std::ranges::find(arrays, name, &TensorInfo::name); };
    auto found = key.empty() ? named(wanted) : named(key);
    if (key.empty() && found == arrays.end() && arrays.size() == 1)
        found = arrays.begin();
    if (found != arrays.end()) {
        if (!found->problem.empty())
            throw ParseError(fmt::format("array '{}': {}", printable(found->name), found->problem));
        return std::move(*found);
    }
    if (!key.empty())
        throw SampleChoiceFailure{fmt::format("has no array \"{}\"{}", key, didYouMean(key, names))};
    if (arrays.empty())
        throw SampleChoiceFailure{"holds no array"};
    throw SampleChoiceFailure{fmt::format("holds several arrays ({}){}: say which, as FILE.npz:{}",
        fmt::join(names, ", "), wanted.empty() ? "" : fmt::format(" and none named \"{}\"", wanted), names.front())};
}

/// The arrays of a file; those of an .npz have names.
ModelFile arraysIn(std::shared_ptr<const ByteSource> source, const std::string &path)
{
    const Limits limits;
    auto head = source->bytes(0, std::min(source->size(), kHeadBytes));
    if (isGzip(head)) {
        source = inflatedGzip(source, limits);
        head = source->bytes(0, std::min(source->size(), kHeadBytes));
    }
    const ReadRequest request{source, path, limits, {}};
    if (looksLikeNpz(head, request))
        return readNpz(request);
    if (looksLikeNpy(head, request))
        return readNpy(request);
    if (!isIdx(head))
        throw ParseError("is neither .npy, .npz nor IDX: convert it, such as with numpy.save");
    ModelFile out;
    out.tensors.push_back(idxTensor(source, limits));
    return out;
}

bool isNpz(const ModelFile &file) { return file.tensors.size() != 1 || !file.tensors.front().name.empty(); }

/// Data that are not read are another data set.
void requireNothingBehind(const ModelFile &file, const std::string &array)
{
    for (const Diagnostic &diagnostic : file.diagnostics)
        if (diagnostic.rule == "bytes-behind-the-end" && diagnostic.subject.tensor == array)
            throw ParseError(diagnostic.text + ": write it again as one array");
}

TensorInfo arrayIn(std::shared_ptr<const ByteSource> source, const SamplePlace &place, std::string_view wanted)
{
    ModelFile file = arraysIn(std::move(source), place.path);
    if (!place.key.empty() && !isNpz(file))
        throw SampleChoiceFailure{fmt::format("is no .npz file: it has no array \"{}\"", place.key)};
    TensorInfo out
        = isNpz(file) ? chosenArray(std::move(file.tensors), place.key, wanted) : std::move(file.tensors.front());
    requireNothingBehind(file, out.name);
    return out;
}

/// Real data are nowhere near this: a file that is made to cost hours is.
void requireNoBomb(const TensorInfo &tensor, std::uint64_t fileBytes)
{
    constexpr std::uint64_t kFree = 256ull << 20;
    const std::uint64_t bytes = tensor.storage.bytes;
    if (bytes > kFree && bytes / Limits().inflateRatio > fileBytes)
        throw ParseError(fmt::format("would inflate from {} to {} bytes, which no real data do: write it again without "
                                     "compression if it is meant so",
            fileBytes, bytes));
}

bool isReal(DType dtype)
{
    return (isInteger(dtype) || isFloating(dtype)) && dtypeBits(dtype) >= 8 && dtype != DType::Complex64
        && dtype != DType::Complex128;
}

double float64Of(DType dtype, std::uint64_t pattern)
{
    if (dtype == DType::UInt64)
        return static_cast<double>(pattern);
    if (isInteger(dtype))
        return static_cast<double>(elementToInteger(dtype, pattern));
    return dtype == DType::Float64 ? std::bit_cast<double>(pattern)
                                   : static_cast<double>(elementToFloat(dtype, pattern));
}

/// What numbers become, and of whom that is the type.
struct Wanted {
    DType as;
    std::string_view whose;
};

[[noreturn]] void notHeld(std::uint64_t sample, const std::string &value, const Wanted &wanted)
{
    throw ParseError(fmt::format(
        "sample {} holds {}, which is no {}, the type of {}", sample, value, dtypeName(wanted.as), wanted.whose));
}

/// Smallest and largest of an integer type.
std::pair<std::int64_t, std::int64_t> integerRange(DType as)
{
    const unsigned bits = as == DType::Bool ? 1 : dtypeBits(as);
    if (bits >= 64)
        return {isSigned(as) ? std::numeric_limits<std::int64_t>::min() : 0, std::numeric_limits<std::int64_t>::max()};
    return isSigned(as) ? std::pair(-(std::int64_t{1} << (bits - 1)), (std::int64_t{1} << (bits - 1)) - 1)
                        : std::pair(std::int64_t{0}, (std::int64_t{1} << bits) - 1);
}

/// One number as an integer of type `as`.
std::int64_t integerOf(DType dtype, std::uint64_t pattern, const Wanted &wanted, std::uint64_t sample)
{
    const auto [low, high] = integerRange(wanted.as);
    if (isInteger(dtype)) {
        const std::int64_t value = elementToInteger(dtype, pattern);
        const bool wraps = dtype == DType::UInt64 && value < 0;
        if (wraps || value < low || value > high)
            notHeld(sample, wraps ? std::to_string(pattern) : std::to_string(value), wanted);
        return value;
    }
    const double value = float64Of(dtype, pattern);
    if (!(value == std::trunc(value)) || value < static_cast<double>(low) || value > static_cast<double>(high)
        || std::fabs(value) >= 9.2e18)
        notHeld(sample, shortest(value), wanted);
    return static_cast<std::int64_t>(value);
}

/// `given` is what the file has and float32 does not hold.
[[noreturn]] void notFiniteFloat(double given, std::uint64_t sample)
{
    throw ParseError(std::isfinite(given)
            ? fmt::format("sample {} holds {}, which is beyond float32", sample, shortest(given))
            : fmt::format("sample {} holds a number that is not finite ({})", sample, shortest(given)));
}

} // namespace

SampleFile::SampleFile(std::string path, TensorInfo tensor)
    : m_path(std::move(path))
    , m_tensor(std::make_shared<const TensorInfo>(std::move(tensor)))
    , m_reader(std::make_unique<TensorReader>(*m_tensor))
{
}

bool SampleArray::canBeLabels() const
{
    return isInteger(dtype) && elementCount(shape) == static_cast<std::uint64_t>(shape.front());
}

std::string samplePath(const std::string &place) { return placeOf(place).path; }

Result<std::vector<SampleArray>> sampleArrays(const std::string &path)
{
    const auto source = FileSource::open(path);
    if (!source)
        return tl::unexpected(source.error());
    try {
        const ModelFile file = arraysIn(*source, path);
        std::vector<SampleArray> out;
        for (const TensorInfo &array : file.tensors)
            if (array.problem.empty() && isReal(array.dtype) && !array.shape.empty() && elementCount(array.shape) > 0)
                out.push_back(
                    {file.tensors.size() > 1 ? path + ":" + array.name : path, array.name, array.shape, array.dtype});
        if (out.empty())
            throw ParseError("holds no array of numbers whose first axis could count samples");
        return out;
    } catch (const ParseError &error) {
        return tl::unexpected(Error{ErrorKind::Parse, path, error.offset(), error.what()});
    }
}

Result<SampleFile> SampleFile::open(const std::string &text, std::string_view wanted)
{
    const SamplePlace place = placeOf(text);
    const auto source = FileSource::open(place.path);
    if (!source)
        return tl::unexpected(source.error());
    const auto fail = [&](ErrorKind kind, std::string message, std::optional<std::uint64_t> offset = {}) {
        return tl::unexpected(Error{kind, place.path, offset, std::move(message)});
    };
    try {
        TensorInfo tensor = arrayIn(*source, place, wanted);
        if (!isReal(tensor.dtype))
            return fail(
                ErrorKind::Parse, fmt::format("holds elements of type {}: use numbers", dtypeName(tensor.dtype)));
        if (tensor.shape.empty())
            return fail(ErrorKind::Parse, "holds a single number: the first axis must count samples");
        requireNoBomb(tensor, (*source)->size());
        if (elementCount(tensor.shape) == 0)
            return fail(ErrorKind::Parse, fmt::format("holds no samples: its shape is {}", shapeText(tensor.shape)));
        return SampleFile(place.path, std::move(tensor));
    } catch (const SampleChoiceFailure &failure) {
        return fail(ErrorKind::Usage, failure.message);
    } catch (const ParseError &error) {
        return fail(ErrorKind::Parse, error.what(), error.offset());
    }
}

std::uint64_t SampleFile::sampleSize() const { return elementCount(shape()) / samples(); }

std::vector<std::byte> SampleFile::read(std::uint64_t begin, std::uint64_t count, DType as, std::string_view whose)
{
    const std::uint64_t size = sampleSize();
    const std::uint64_t first = checkedMul(begin, size, "a sample's place");
    const std::uint64_t elements = checkedMul(count, size, "a piece of samples");
    if (as == DType::Float32) {
        std::vector<float> values(elements);
        m_reader->floats(first, values);
        const auto bad = std::ranges::find_if(values, [](float x) { return !std::isfinite(x); });
        if (bad != values.end()) {
            std::array<std::uint64_t, 1> pattern{};
            const std::uint64_t at = first + static_cast<std::uint64_t>(bad - values.begin());
            m_reader->patterns(at, pattern);
            notFiniteFloat(float64Of(dtype(), pattern[0]), at / size);
        }
        const auto bytes = std::as_bytes(std::span(values));
        return {bytes.begin(), bytes.end()};
    }
    std::vector<std::uint64_t> patterns(elements);
    m_reader->patterns(first, patterns);
    const std::size_t width = dtypeBits(as) / 8;
    std::vector<std::byte> out(checkedMul(elements, width, "a piece of samples"));
    for (std::uint64_t i = 0; i < elements; ++i) {
        const std::uint64_t sample = begin + i / size;
        std::uint64_t pattern = 0;
        if (as == DType::Float64) {
            const double value = float64Of(dtype(), patterns[i]);
            if (!std::isfinite(value))
                throw ParseError(
                    fmt::format("sample {} holds a number that is not finite ({})", sample, shortest(value)));
            pattern = std::bit_cast<std::uint64_t>(value);
        } else {
            pattern = static_cast<std::uint64_t>(integerOf(dtype(), patterns[i], {as, whose}, sample));
        }
        std::memcpy(out.data() + i * width, &pattern, width);
    }
    return out;
}

Result<std::vector<std::int64_t>> readLabels(const std::string &place, std::uint64_t samples)
{
    auto file = SampleFile::open(place, "labels");
    if (!file)
        return tl::unexpected(file.error());
    const auto fail = [&](ErrorKind kind, std::string message) {
        return tl::unexpected(Error{kind, file->path(), std::nullopt, std::move(message)});
    };
    if (!isInteger(file->dtype()))
        return fail(
            ErrorKind::Parse, fmt::format("holds labels of type {}: labels are integers", dtypeName(file->dtype())));
    if (file->sampleSize() != 1)
        return fail(ErrorKind::Parse,
            fmt::format("holds labels of shape {}: labels are one integer a sample", shapeText(file->shape())));
    if (file->samples() != samples)
        return fail(ErrorKind::Usage, fmt::format("holds {} labels for {} samples", file->samples(), samples));
    if (samples > kMostLabels)
        return fail(ErrorKind::Parse, fmt::format("holds more than {} labels", kMostLabels));
    try {
        const auto bytes = file->read(0, samples, DType::Int64, "labels");
        std::vector<std::int64_t> out(samples);
        std::memcpy(out.data(), bytes.data(), bytes.size());
        if (const auto bad = std::ranges::find_if(out, [](std::int64_t label) { return label < 0; }); bad != out.end())
            return fail(ErrorKind::Parse,
                fmt::format("label {} of sample {} is negative", *bad, static_cast<std::size_t>(bad - out.begin())));
        return out;
    } catch (const ParseError &error) {
        return fail(ErrorKind::Parse, error.what());
    }
}

} // namespace quantscope
