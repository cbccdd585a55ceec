#include "formats/open_model.h"

#include "formats/foreign_formats.h"
#include "formats/numpy/numpy.h"
#include "formats/onnx/onnx_reader.h"
#include "formats/quant_info/quant_info_reader.h"
#include "formats/safetensors/packing_config.h"
#include "formats/safetensors/safetensors.h"
#include "formats/sharded/shard_index.h"
#include "formats/torch/torch_zip.h"
#include "formats/torch_stream/torch_stream.h"
#include "formats/torch_tar/torch_tar.h"
#include "formats/xmodel/xmodel_reader.h"

#include <algorithm>
#include <new>
#include <stdexcept>

namespace quantscope {

namespace {

constexpr std::uint64_t kHeadBytes = 4096;

/// All readers, most specific first: this table is where a format is added.
constexpr FormatReader kReaders[] = {
    {"NumPy arrays", looksLikeNpz, readNpz},
    {"PyTorch", looksLikeTorchZip, readTorchZip},
    {"PyTorch before 1.6", looksLikeTorchStream, readTorchStream},
    {"PyTorch 0.1", looksLikeTorchTar, readTorchTar},
    {"NumPy array", looksLikeNpy, readNpy},
    {"index of shards", looksLikeShardIndex, readShardIndex},
    {"safetensors", looksLikeSafetensors, readSafetensors},
    {"quant_info.json", looksLikeQuantInfo, readQuantInfo},
    {"link to an xmodel", looksLikeXmodelLink, readXmodelLink},
    {"xmodel", looksLikeXmodel, readXmodel},
    {"ONNX", looksLikeOnnx, readOnnx},
};

ModelFile readBy(const FormatReader &reader, const ReadRequest &request)
{
    ModelFile file = reader.read(request);
    file.path = request.path;
    if (file.bytes == 0) // a model in several files knows better
        file.bytes = request.source->size();
    takePackingConfig(file);
    file.buildIndex();
    return file;
}

ModelFile readAny(const ReadRequest &request)
{
    const std::uint64_t size = request.source->size();
    if (size == 0)
        throw ParseError("is empty: the file has no bytes; fetch or write it again");
    const auto head = request.source->bytes(0, std::min(size, kHeadBytes));
    for (const FormatReader &reader : kReaders) {
        // Protocol buffers have no magic number, so everything else is ruled out before them.
        const bool hasMagic = reader.recognises != looksLikeOnnx && reader.recognises != looksLikeXmodel;
        if (auto foreign = hasMagic ? std::nullopt : foreignFormat(head))
            throw std::move(*foreign);
        if (reader.recognises(head, request))
            return readBy(reader, request);
    }
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
