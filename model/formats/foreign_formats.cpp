#include "formats/foreign_formats.h"

#include "base/text.h"

#include <algorithm>
#include <cctype>
#include <optional>
#include <string>
#include <string_view>

#include <fmt/format.h>

namespace quantscope {

namespace {

constexpr std::string_view kReads = "QuantScope reads PyTorch checkpoints (.pt, .pth, .bin), safetensors, "
                                    "NumPy arrays (.npy, .npz), ONNX models (.onnx) and Vitis AI's .xmodel";

using namespace std::string_view_literals;

constexpr std::string_view kOnnxWay = ", which is not read: export the model to ONNX";
constexpr std::string_view kUnpackWay = ": unpack it first";
constexpr std::string_view kNoModel = ", not a model";

struct Signature {
    std::size_t offset;
    std::string_view bytes;
    std::string_view what; ///< continues "is ..."
    std::string_view way; ///< continues that
};

/// Magic numbers of formats that end up under a model's name, each with its source's own word for it.
constexpr Signature kSignatures[] = {
    {0, "GGUF"sv, "a GGUF model", ", which is not read yet"},
    {0, "lmgg"sv, "a GGML model", ", which is not read"},
    {0, "tjgg"sv, "a GGML model", ", which is not read"},
    {0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file (Keras, for example)",
        ", which is not read yet: export the model to ONNX"},
    {4, "TFL3"sv, "a TensorFlow Lite model", ", which is not read yet: convert it to ONNX"},
    {4, "ORTM"sv, "a model in ONNX Runtime's own format",
        ", which is not read: open the ONNX file that it was made from"},
    {4, "ET12"sv, "an ExecuTorch program", ", which is not read: open the checkpoint that it was made from"},
    {0, "ftrt"sv, "a TensorRT engine", ", which is not read: open the ONNX file that it was built from"},
    {0, "ptrt"sv, "a TensorRT engine", ", which is not read: open the ONNX file that it was built from"},
    {0, "RKNN"sv, "an RKNN model", ", which is not read: open the ONNX file that it was built from"},
    {0, "\x1f\x8b"sv, "compressed by gzip", kUnpackWay},
    {0, "BZh"sv, "compressed by bzip2", kUnpackWay},
    {0,
        "\xfd"
        "7zXZ\0"sv,
        "compressed by xz", kUnpackWay},
    {0, "\x28\xb5\x2f\xfd"sv, "compressed by zstd", kUnpackWay},
    {0, "\x04\x22\x4d\x18"sv, "compressed by lz4", kUnpackWay},
    {0, "7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive", kUnpackWay},
    {0, "Rar!\x1a\x07"sv, "a RAR archive", kUnpackWay},
    {0, "%PDF-"sv, "a PDF document", kNoModel},
    {0, "\x89PNG\r\n\x1a\n"sv, "a PNG picture", kNoModel},
    {0, "\xff\xd8\xff"sv, "a JPEG picture", kNoModel},
    {0, "SQLite format 3\0"sv, "an SQLite database", kNoModel},
    {0,
        "\x7f"
        "ELF"sv,
        "a program or library", kNoModel},
};

bool contains(std::string_view text, std::string_view part) { return text.find(part) != std::string_view::npos; }

std::optional<std::string> bySignature(std::string_view head)
{
    for (const Signature &row : kSignatures)
        if (head.size() >= row.offset && head.substr(row.offset).starts_with(row.bytes))
            return fmt::format("{}{}", row.what, row.way);
    return std::nullopt;
}

/// Python's pickles from protocol 2 on: what they hold is told by the names in them.
std::optional<std::string> asPickle(std::string_view head)
{
    const bool binary = head.size() >= 2 && head[0] == '\x80' && head[1] >= '\x02' && head[1] <= '\x05';
    const bool text = head.starts_with("(dp") || head.starts_with("(lp") || head.starts_with("ccopy_reg\n")
        || head.starts_with("cnumpy") || head.starts_with("ccollections\n") || head.starts_with("}q")
        || head.starts_with("]q");
    if (!binary && !text)
        return std::nullopt;
    if (contains(head, "torch._utils") || contains(head, "torch.storage"))
        return "a Python pickle of PyTorch tensors, made without torch.save: load it with pickle.load and write it "
               "with torch.save";
    if (contains(head, "numpy") && (contains(head, "_reconstruct") || contains(head, "ndarray")))
        return "a Python pickle of NumPy arrays, which is not read as a model: load it in Python and write a dict of "
               "tensors with torch.save";
    return "a plain Python pickle, which is not read: load it in Python and write it with torch.save";
}

bool isText(std::string_view text)
{
    // The head may end inside a character, so its last bytes do not count.
    for (int i = 0; i < 3 && !isUtf8(text); ++i)
        text.remove_suffix(std::min<std::size_t>(1, text.size()));
    const auto isControl = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\x1b';
    };
    return !text.empty() && isUtf8(text) && std::none_of(text.begin(), text.end(), isControl);
}

std::string lowered(std::string_view text)
{
    std::string out(text);
    std::transform(
        out.begin(), out.end(), out.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
    return out;
}

/// Lines that are neither empty nor begin with `#`, a few of them.
std::vector<std::string_view> codeLines(std::string_view text)
{
    constexpr std::size_t kLines = 20;
    std::vector<std::string_view> out;
    while (!text.empty() && out.size() < kLines) {
        const std::size_t end = std::min(text.find('\n'), text.size());
        const std::string_view line = text.substr(0, end);
        text.remove_prefix(std::min(end + 1, text.size()));
        const std::size_t first = line.find_first_not_of(" \t\r");
        if (first != std::string_view::npos && line[first] != '#')
            out.push_back(line.substr(first));
    }
    return out;
}

bool looksLikePython(std::string_view text)
{
    if (text.starts_with("#!") && contains(text.substr(0, text.find('\n')), "python"))
        return true;
    return std::ranges::any_of(codeLines(text), [](std::string_view line) {
        return line.starts_with("import ") || (line.starts_with("from ") && contains(line, " import "))
            || ((line.starts_with("def ") || line.starts_with("class ")) && contains(line, ":"));
    });
}

/// Tables and keys, of TOML or of an INI file.
bool looksLikeToml(std::string_view text)
{
    const auto lines = codeLines(text);
    const auto isKey = [](std::string_view line) { return contains(line, "=") && !contains(line, "{"); };
    return std::ranges::any_of(lines, isKey) && std::ranges::all_of(lines, [&](std::string_view line) {
        return isKey(line) || (line.starts_with('[') && contains(line, "]") && !contains(line, ","));
    });
}

std::string asMarkup(const std::string &lower)
{
    if (lower.starts_with("<!doctype html") || contains(lower, "<html") || contains(lower, "<head")
        || contains(lower, "<body"))
        return "a web page: the download gave a page instead of the file; fetch the file itself (of a repository its "
               "\"raw\" address)";
    if (contains(lower, "<net ") && contains(lower, "<layer"))
        return "an OpenVINO model, which is not read: export the model to ONNX";
    if (lower.starts_with("<?xml") || lower.starts_with("<error"))
        return "an XML text, not a model file; where it is a server's answer, the download failed: "
            + std::string(kReads);
    return {};
}

std::string asText(std::string_view head)
{
    constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
    if (head.starts_with(kByteOrderMark))
        head.remove_prefix(kByteOrderMark.size());
    const std::size_t first = head.find_first_not_of(" \t\r\n");
    const std::string_view start = first == std::string_view::npos ? head : head.substr(first);
    if (start.starts_with("version https://git-lfs") || start.starts_with("version http://git-media"))
        return "a pointer of Git LFS and not the file itself: fetch it with `git lfs pull`";
    if (start.starts_with("<"))
        if (std::string markup = asMarkup(lowered(start)); !markup.empty())
            return markup;
    if (contains(head, "[[quantizer]]") || contains(head, "[[layer]]"))
        return "a recipe of QuantScope, not a model: open the model that it belongs to, with --recipe where it does "
               "not lie beside it";
    if (looksLikePython(head))
        return "Python source, not a model file: run it and write the model with torch.save or torch.onnx.export";
    if (start.starts_with("{") || (start.starts_with("[") && !looksLikeToml(head)))
        return "a JSON text, not a model file: " + std::string(kReads);
    if (looksLikeToml(head))
        return "a TOML or INI text, not a model file: " + std::string(kReads);
    return "a text file, not a model file: " + std::string(kReads);
}

} // namespace

std::optional<ParseError> foreignFormat(std::span<const std::byte> bytes)
{
    const std::string_view head(reinterpret_cast<const char *>(bytes.data()), bytes.size());
    const auto is = [](std::string_view what) { return ParseError(fmt::format("is {}", what)); };
    if (const auto what = bySignature(head))
        return is(*what);
    if (const auto what = asPickle(head))
        return is(*what);
    if (std::ranges::all_of(head, [](char c) { return c == '\0'; }))
        return ParseError("begins with nothing but zeros, as a download that was not finished: fetch it again");
    if (head.starts_with("\xff\xfe") || head.starts_with("\xfe\xff"))
        return is(fmt::format("a text file in UTF-16, not a model file: {}", kReads));
    if (isText(head))
        return is(asText(head));
    return std::nullopt;
}

ParseError unreadable(const std::string &path)
{
    const std::string lower = lowered(path);
    if (lower.ends_with(".safetensors"))
        return ParseError("is named as a safetensors file and is none: it has no header of JSON; fetch it again");
    return ParseError(fmt::format("is not a model file QuantScope reads: {}", kReads));
}

} // namespace quantscope
