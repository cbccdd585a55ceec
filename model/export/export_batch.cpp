#include "export/export_batch.h"

#include "base/limits.h"
#include "base/sha256.h"
#include "export/assumed.h"
#include "export/file_sink.h"
#include "export/text_file.h"

#include <filesystem>
#include <span>
#include <utility>

namespace quantscope {

ExportBatch::ExportBatch(const Network &network, const ExportRequest &request, const ExportPlan &plan,
    const Progress &progress, const ExportSteps &steps)
    : m_network(network)
    , m_request(request)
    , m_plan(plan)
    , m_progress(progress)
    , m_steps(steps)
    , m_folder(request.folder)
{
    for (const PlannedFile &file : plan.files)
        m_total += file.count() * (request.verify ? 2 : 1);
    m_report.notes = plan.notes;
    m_report.refused = plan.refused;
}

Result<ExportReport> ExportBatch::run()
{
    auto facts = sourceFacts(m_network, false, m_progress);
    if (!facts)
        return tl::unexpected(facts.error());
    m_source = *facts;
    m_report.assumed = assumedText(countAssumed(m_network, m_request.layers));
    m_report.recipeEdited = m_source.recipe.edited;
    auto done = m_folder.make().and_then([&] { return spareForeignRecipe(); });
    for (const PlannedFile &file : m_plan.files)
        done = done.and_then([&] { return writeFile(file); });
    done = done.and_then([&] { return writeCompanions(); }).and_then([&] { return prove(); });
    done = done.and_then([&] { return writeManifest(); }).and_then([&] { return commit(); });
    if (!done)
        return tl::unexpected(done.error());
    m_folder.keep();
    return std::move(m_report);
}

/// A folder may hold a recipe that is somebody's work: only that of an earlier export is replaced.
Result<void> ExportBatch::spareForeignRecipe() const
{
    std::error_code ignored;
    const std::string path = m_folder.file(kRecipeName);
    if (m_source.recipe.text.empty() || !std::filesystem::exists(path, ignored)
        || textOfFile(path, Limits{}.recipeBytes) == m_source.recipe.text
        || writtenByExport(m_request.folder, kRecipeName))
        return {};
    return tl::unexpected(Error{ErrorKind::Usage, path, std::nullopt,
        "is not of an export, and the recipe in force would take its place; move it or choose another folder"});
}

Result<void> ExportBatch::writeFile(const PlannedFile &file)
{
    auto opened = AtomicFile::create(m_folder.file(file.name));
    if (!opened)
        return tl::unexpected(opened.error());
    tell("writing", m_files.size());
    m_files.push_back(std::move(*opened));
    FileSink sink(m_files.back());
    auto hashes = file.writer->write(file, m_source, sink, stepper());
    m_written.push_back({&file, sink.hash(), std::move(hashes)});
    m_report.files.push_back(
        {file.name, std::string(file.writer->name), file.layer->layer->name, sink.bytes(), file.count(), 0, {}});
    return m_files.back().close();
}

Result<void> ExportBatch::writeText(std::string_view name, const char *format, std::string_view text)
{
    auto file = AtomicFile::create(m_folder.file(name));
    if (!file)
        return tl::unexpected(file.error());
    file->write(text);
    m_files.push_back(std::move(*file));
    m_report.files.push_back({std::string(name), format, {}, text.size(), 0, 0, {}});
    return m_files.back().close();
}

Result<void> ExportBatch::writeCompanions()
{
    if (!m_source.recipe.text.empty()) {
        if (auto written = writeText(kRecipeName, "recipe", m_source.recipe.text); !written)
            return written;
        m_companions.push_back({kRecipeName, "recipe", m_source.recipe.sha256});
    }
    for (const Writer *writer : m_plan.writers) {
        if (writer->companionName.empty() || m_companionPaths.contains(writer->companionName))
            continue;
        const std::string_view text = writer->companionText();
        if (auto written = writeText(writer->companionName, "helper", text); !written)
            return written;
        m_companions.push_back({writer->companionName, "helper", sha256(std::as_bytes(std::span(text)))});
        m_companionPaths.emplace(writer->companionName, m_files.back().temporaryPath());
    }
    return {};
}

/// The temporary files themselves are proven: what is proven is what gets renamed.
Result<void> ExportBatch::prove()
{
    for (const Writer *writer : m_plan.writers)
        if (m_request.verify)
            if (auto proven = proveFormat(*writer); !proven)
                return proven;
    return {};
}

Result<void> ExportBatch::proveFormat(const Writer &writer)
{
    std::vector<FileToProve> files;
    std::vector<std::size_t> places;
    for (std::size_t i = 0; i < m_written.size(); ++i)
        if (m_written[i].file->writer == &writer) {
            files.push_back({m_written[i].file, m_files[i].temporaryPath(),
                [this, &places, at = files.size()](
                    std::string_view doing, std::size_t others) { tell(doing, places[at], others); }});
            places.push_back(i);
        }
    const auto companion = m_companionPaths.find(writer.companionName);
    auto proofs = writer.prove(
        files, companion == m_companionPaths.end() ? std::string() : companion->second, m_report.notes, stepper());
    if (!proofs)
        return tl::unexpected(proofs.error());
    for (std::size_t i = 0; i < places.size(); ++i) {
        m_report.files[places[i]].verified = proofs->at(i).verified;
        m_report.files[places[i]].proof = proofs->at(i).by;
    }
    return {};
}

Result<void> ExportBatch::writeManifest()
{
    return writeText(kManifestName, "manifest",
        manifestText(m_network, m_source, m_plan, {m_written, m_companions}, m_request.folder, m_report.notes));
}

/// The earlier manifest goes first and the new one, written last, is renamed last: whatever happens in between, a
/// manifest names only files that belong together.
Result<void> ExportBatch::commit()
{
    std::error_code ignored;
    std::filesystem::remove(m_folder.file(kManifestName), ignored);
    for (AtomicFile &file : m_files)
        if (auto done = file.commit(); !done)
            return done;
    return {};
}

void ExportBatch::tell(std::string_view doing, std::size_t place, std::size_t others) const
{
    if (m_steps)
        m_steps({std::string(doing), m_plan.files[place].name, others, place + others + 1, m_plan.files.size()});
}

CodesWritten ExportBatch::stepper()
{
    return [this](std::uint64_t codes) { m_progress.step(m_done += codes, m_total); };
}

} // namespace quantscope
