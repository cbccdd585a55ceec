#include "formats/foreign_formats.h"

#include "base/cursor.h"
#include "base/text.h"

#include <algorithm>
#include <string>
#include <string_view>

namespace quantscope {

namespace {

constexpr std::string_view kReads = "QuantScope reads PyTorch checkpoints (.pt, .pth) and ONNX models (.onnx)";

struct Signature {
    std::size_t offset;
    std::string_view bytes;
    std::string_view what; ///< continues "is ..."
};

using namespace std::string_view_literals;

constexpr Signature kSignatures[] = {
    {0,
        "\x80\x02\x8a\x0al\xfc\x9c"
        "F\xf9 j\xa8P\x19"sv,
        "a checkpoint in PyTorch's old stream format, which is not read yet: load it with torch.load and write it "
        "again with torch.save"},
    {257, "ustar"sv,
        "a tar archive: if it is a checkpoint of PyTorch 0.1, load it with torch.load and write it again with "
        "torch.save"},
    {0, "GGUF"sv, "a GGUF model, which is not read yet"},
    {0, "\x89HDF\r\n\x1a\n"sv, "an HDF5 file (Keras, for example), which is not read yet: export the model to ONNX"},
    {0, "\x93NUMPY"sv,
        "a NumPy array, which is not read as a model: put it into a dict and write that with torch.save"},
    {4, "TFL3"sv, "a TensorFlow Lite model, which is not read yet: convert it to ONNX"},
    {0, "\x1f\x8b"sv, "compressed by gzip: unpack it first"},
    {0, "\x28\xb5\x2f\xfd"sv, "compressed by zstd: unpack it first"},
    {0, "7z\xbc\xaf\x27\x1c"sv, "a 7-Zip archive: unpack it first"},
    {0, "version https://git-lfs"sv, "a pointer of Git LFS and not the file itself: fetch it with `git lfs pull`"},
    {0, "\x80\x02"sv, "a plain Python pickle, which is not read: load it in Python and write it with torch.save"},
    {0, "\x80\x03"sv, "a plain Python pickle, which is not read: load it in Python and write it with torch.save"},
    {0, "\x80\x04"sv, "a plain Python pickle, which is not read: load it in Python and write it with torch.save"},
    {0, "\x80\x05"sv, "a plain Python pickle, which is not read: load it in Python and write it with torch.save"},
    {0,
        "\x7f"
        "ELF"sv,
        "a program or library, not a model"},
};

/// safetensors: a 64-bit header length, then a JSON object (github.com/huggingface/safetensors, README).
bool looksLikeSafetensors(std::string_view head, const ReadRequest &request)
{
    if (head.size() < 10 || head[8] != '{')
        return request.path.ends_with(".safetensors");
    const std::uint64_t length = Cursor(std::as_bytes(std::span(head))).u64();
    return length < (1ull << 32);
}

bool looksLikeText(std::string_view head)
{
    // The head may end inside a character, so its last bytes do not count.
    std::string_view text = head;
    for (int i = 0; i < 3 && !isUtf8(text); ++i)
        text.remove_suffix(std::min<std::size_t>(1, text.size()));
    const auto isControl = [](char c) {
        return static_cast<unsigned char>(c) < 0x20 && c != '\n' && c != '\r' && c != '\t' && c != '\f';
    };
    return !text.empty() && isUtf8(text) && std::none_of(text.begin(), text.end(), isControl);
}

std::string describe(std::string_view head, const ReadRequest &request)
{
    for (const Signature &signature : kSignatures)
        if (head.size() >= signature.offset && head.substr(signature.offset).starts_with(signature.bytes))
            return std::string(signature.what);
    if (looksLikeSafetensors(head, request))
        return "a safetensors file, which is not read yet: load it with safetensors.torch.load_file and write it with "
               "torch.save";
    if (request.path.ends_with(".tar"))
        return "a tar archive: unpack it first";
    const std::size_t first = head.find_first_not_of(" \t\r\n");
    const std::string_view start = first == std::string_view::npos ? head : head.substr(first);
    if (!looksLikeText(head))
        return {};
    if (start.starts_with("<!DOCTYPE") || start.starts_with("<html"))
        return "a web page: the download gave a page instead of the file";
    if (start.starts_with("{") || start.starts_with("["))
        return "a JSON text, not a model file: " + std::string(kReads);
    return "a text file, not a model file: " + std::string(kReads);
}

} // namespace

ParseError unreadable(std::span<const std::byte> head, const ReadRequest &request)
{
    const std::string what = describe({reinterpret_cast<const char *>(head.data()), head.size()}, request);
    return ParseError(what.empty() ? "is not a model file QuantScope reads: " + std::string(kReads) : "is " + what);
}

} // namespace quantscope
