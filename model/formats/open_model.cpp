#include "formats/open_model.h"

#include "formats/foreign_formats.h"
#include "formats/onnx/onnx_reader.h"
#include "formats/torch/torch_zip.h"

#include <algorithm>
#include <new>
#include <stdexcept>

namespace quantscope {

namespace {

constexpr std::uint64_t kHeadBytes = 4096;

/// All readers, most specific first: this table is where a format is added.
constexpr FormatReader kReaders[] = {
    {"PyTorch", looksLikeTorchZip, readTorchZip},
    {"ONNX", looksLikeOnnx, readOnnx},
};

ModelFile readBy(const FormatReader &reader, const ReadRequest &request)
{
    ModelFile file = reader.read(request);
    file.path = request.path;
    file.bytes = request.source->size();
    file.buildIndex();
    return file;
}

ModelFile readAny(const ReadRequest &request)
{
    const std::uint64_t size = request.source->size();
    if (size == 0)
        throw ParseError("is empty: the file has no bytes; fetch or write it again");
    const auto head = request.source->bytes(0, std::min(size, kHeadBytes));
    if (auto foreign = foreignFormat(head)) // none of these is a file of ours: a protocol buffer has no magic number
        throw std::move(*foreign);
    for (const FormatReader &reader : kReaders)
        if (reader.recognises(head, request))
            return readBy(reader, request);
    throw unreadable(request.path);
}

} // namespace

Result<std::shared_ptr<const ModelFile>> openModel(
    const std::string &path, const Limits &limits, const Progress &progress)
{
    const auto source = FileSource::open(path);
    if (!source)
        return tl::unexpected(source.error());
    return openModel(*source, path, limits, progress);
}

Result<std::shared_ptr<const ModelFile>> openModel(
    std::shared_ptr<const ByteSource> source, const std::string &name, const Limits &limits, const Progress &progress)
{
    const auto fail = [&](ErrorKind kind, std::string message, std::optional<std::uint64_t> offset = std::nullopt) {
        return tl::unexpected(Error{kind, name, offset, std::move(message)});
    };
    try {
        return std::make_shared<const ModelFile>(readAny({std::move(source), name, limits, progress}));
    } catch (const ParseError &error) {
        return fail(ErrorKind::Parse, error.what(), error.offset());
    } catch (const CancelledError &error) {
        return fail(ErrorKind::Cancelled, error.what());
    } catch (const std::bad_alloc &) {
        return fail(ErrorKind::Parse, "needs more memory than there is");
    } catch (const std::length_error &) {
        return fail(ErrorKind::Parse, "claims a size that no file can have");
    }
}

} // namespace quantscope
