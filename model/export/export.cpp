#include "export/export.h"

#include "export/export_batch.h"
#include "export/manifest.h"

#include <new>

namespace quantscope {

namespace {

Error borderError(
    const Network &network, ErrorKind kind, const std::exception &error, std::optional<std::uint64_t> offset = {})
{
    return Error{kind, network.file ? network.file->path : std::string(), offset, error.what()};
}

/// The border where everything that is thrown becomes an Error.
template <class Work> auto guarded(const Network &network, Work &&work) -> decltype(work())
{
    try {
        return work();
    } catch (const ParseError &error) {
        return tl::unexpected(borderError(network, ErrorKind::Parse, error, error.offset()));
    } catch (const CancelledError &error) {
        return tl::unexpected(borderError(network, ErrorKind::Cancelled, error));
    } catch (const std::bad_alloc &) {
        return tl::unexpected(Error{ErrorKind::Io, {}, std::nullopt, "there is not enough memory for this export"});
    } catch (const std::exception &error) { // of the system: no more threads, a folder that went away
        return tl::unexpected(Error{ErrorKind::Io, {}, std::nullopt, error.what()});
    }
}

std::string firstLines(std::string_view text, std::size_t lines)
{
    PreviewSink sink(lines);
    sink.write(text);
    return sink.text();
}

using Preview = std::vector<std::pair<std::string, std::string>>;

Preview previewFiles(const ExportPlan &plan, const SourceFacts &source, std::size_t lines)
{
    Preview preview;
    for (const PlannedFile &file : plan.files) {
        PreviewSink sink(lines);
        file.writer->write(file, source, sink, {});
        preview.emplace_back(file.name, sink.text());
    }
    return preview;
}

} // namespace

Result<ExportReport> exportLayers(
    const Network &network, const ExportRequest &request, const Progress &progress, const ExportSteps &steps)
{
    return guarded(network, [&]() -> Result<ExportReport> {
        auto plan = planExport(network, request);
        if (!plan)
            return tl::unexpected(plan.error());
        if (request.folder.empty())
            return tl::unexpected(Error{ErrorKind::Usage, {}, std::nullopt, "no folder to export to is given"});
        return ExportBatch(network, request, *plan, progress, steps).run();
    });
}

Result<Preview> previewExport(const Network &network, const ExportRequest &request, std::size_t lines)
{
    return guarded(network, [&]() -> Result<Preview> {
        auto plan = planExport(network, request);
        if (!plan)
            return tl::unexpected(plan.error());
        auto source = sourceFacts(network, true);
        if (!source)
            return tl::unexpected(source.error());
        Preview preview = previewFiles(*plan, *source, lines);
        Written written;
        for (const PlannedFile &file : plan->files)
            written.files.push_back({&file, std::nullopt, {}});
        const auto accompany = [&](std::string_view name, std::string_view format, std::string_view text) {
            written.companions.push_back({name, format, std::nullopt});
            preview.emplace_back(name, firstLines(text, lines));
        };
        if (!source->recipe.text.empty())
            accompany(kRecipeName, "recipe", source->recipe.text);
        for (const Writer *writer : plan->writers)
            if (!writer->companionName.empty())
                accompany(writer->companionName, "helper", writer->companionText());
        std::vector<std::string> notes;
        preview.emplace_back(
            kManifestName, firstLines(manifestText(network, *source, *plan, written, {}, notes), lines));
        return preview;
    });
}

} // namespace quantscope
