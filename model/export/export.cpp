#include "export/export.h"

#include "base/atomic_file.h"
#include "base/sha256.h"
#include "export/export_plan.h"
#include "export/manifest.h"
#include "export/proof/proof.h"
#include "export/source_facts.h"
#include "export/writers/header_writer.h"

#include <deque>
#include <filesystem>

#include <fmt/format.h>

namespace quantscope {

namespace {

std::string pathIn(const std::string &folder, std::string_view name)
{
    return (std::filesystem::path(folder) / name).string();
}

/// Makes the folder of a batch; takes away what it made unless the batch was kept.
class BatchFolder {
public:
    explicit BatchFolder(std::string path)
        : m_path(std::move(path))
    {
    }
    ~BatchFolder()
    {
        std::error_code ignored;
        for (auto made = m_made.rbegin(); !m_kept && made != m_made.rend(); ++made)
            std::filesystem::remove(*made, ignored); // removes only what is empty
    }
    BatchFolder(const BatchFolder &) = delete;
    BatchFolder &operator=(const BatchFolder &) = delete;

    Result<void> make()
    {
        std::filesystem::path grown;
        for (const auto &part : std::filesystem::path(m_path)) {
            grown /= part;
            std::error_code error;
            if (std::filesystem::is_directory(grown, error))
                continue;
            if (std::filesystem::create_directory(grown, error))
                m_made.push_back(grown);
            else if (error)
                return tl::unexpected(Error{ErrorKind::Io, m_path, std::nullopt, "cannot be made: " + error.message()});
        }
        return {};
    }
    void keep() { m_kept = true; }

private:
    std::string m_path;
    std::vector<std::filesystem::path> m_made;
    bool m_kept = false;
};

/// Text to a file, with its hash.
class FileSink final : public TextSink {
public:
    explicit FileSink(AtomicFile &file)
        : m_file(file)
    {
    }
    void write(std::string_view text) override
    {
        m_file.write(text);
        m_sha.add(std::as_bytes(std::span(text)));
        m_bytes += text.size();
    }
    std::uint64_t bytes() const { return m_bytes; }
    std::string hash() { return m_sha.finish(); }

private:
    AtomicFile &m_file;
    Sha256 m_sha;
    std::uint64_t m_bytes = 0;
};

/// One run of exportLayers: everything under temporary names, then renamed.
class Batch {
public:
    Batch(const Network &network, const ExportRequest &request, const ExportPlan &plan, const Progress &progress)
        : m_network(network)
        , m_request(request)
        , m_plan(plan)
        , m_progress(progress)
        , m_folder(request.folder)
    {
        for (const ExportHeader &header : plan.headers)
            m_total += header.count() * (request.verify ? 2 : 1);
        m_report.notes = plan.notes;
    }

    Result<ExportReport> run()
    {
        auto facts = sourceFacts(m_network, false, m_progress);
        if (!facts)
            return tl::unexpected(facts.error());
        m_source = *facts;
        auto done = m_folder.make();
        for (const ExportHeader &header : m_plan.headers)
            done = done.and_then([&] { return writeOne(header); });
        done = done.and_then([&] { return writeHelper(); }).and_then([&] { return prove(); });
        done = done.and_then([&] { return writeManifest(); }).and_then([&] { return commit(); });
        if (!done)
            return tl::unexpected(done.error());
        m_folder.keep();
        return std::move(m_report);
    }

private:
    Result<void> writeOne(const ExportHeader &header)
    {
        const std::string name = header.identifier + ".h";
        auto file = AtomicFile::create(pathIn(m_request.folder, name));
        if (!file)
            return tl::unexpected(file.error());
        m_files.push_back(std::move(*file));
        FileSink sink(m_files.back());
        auto hashes = writeHeader(header, m_source, sink, stepper());
        m_headers.push_back({&header, sink.hash(), std::move(hashes)});
        m_report.files.push_back({name, "header", header.layer->name, sink.bytes(), header.count(), 0, {}});
        return m_files.back().close();
    }

    Result<void> writeText(std::string_view name, const char *format, std::string_view text)
    {
        auto file = AtomicFile::create(pathIn(m_request.folder, name));
        if (!file)
            return tl::unexpected(file.error());
        file->write(text);
        m_files.push_back(std::move(*file));
        m_report.files.push_back({std::string(name), format, {}, text.size(), 0, 0, {}});
        return m_files.back().close();
    }

    Result<void> writeHelper() { return writeText(kFixedHelperName, "helper", fixedHelperText()); }

    /// The temporary files themselves are compiled: what is proven is what gets renamed.
    Result<void> prove()
    {
        if (!m_request.verify)
            return {};
        std::vector<HeaderToProve> headers;
        for (std::size_t i = 0; i < m_headers.size(); ++i)
            headers.push_back({m_headers[i].header, m_files[i].temporaryPath()});
        auto proofs = proveHeaders(headers, m_files[m_headers.size()].temporaryPath(), m_report.notes, stepper());
        if (!proofs)
            return tl::unexpected(proofs.error());
        for (std::size_t i = 0; i < proofs->size(); ++i) {
            m_report.files[i].verified = (*proofs)[i].verified;
            m_report.files[i].proof = (*proofs)[i].by;
        }
        return {};
    }

    Result<void> writeManifest()
    {
        const std::string helper = sha256(std::as_bytes(std::span(fixedHelperText())));
        return writeText(kManifestName, "manifest",
            manifestText(m_network, m_source, m_plan, m_headers, helper, m_request.folder, m_report.notes));
    }

    /// The manifest was written last, so it is renamed last: it names only files that are there.
    Result<void> commit()
    {
        for (AtomicFile &file : m_files)
            if (auto done = file.commit(); !done)
                return done;
        return {};
    }

    CodesWritten stepper()
    {
        return [this](std::uint64_t codes) { m_progress.step(m_done += codes, m_total); };
    }

    const Network &m_network;
    const ExportRequest &m_request;
    const ExportPlan &m_plan;
    const Progress &m_progress;
    BatchFolder m_folder; ///< before the files: they go first
    SourceFacts m_source;
    std::deque<AtomicFile> m_files;
    std::vector<WrittenHeader> m_headers;
    ExportReport m_report;
    std::uint64_t m_done = 0;
    std::uint64_t m_total = 0;
};

Error borderError(
    const Network &network, ErrorKind kind, const std::exception &error, std::optional<std::uint64_t> offset = {})
{
    return Error{kind, network.file ? network.file->path : std::string(), offset, error.what()};
}

/// The border where what reading primitives throw becomes an Error.
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
    }
}

} // namespace

Result<ExportReport> exportLayers(const Network &network, const ExportRequest &request, const Progress &progress)
{
    return guarded(network, [&]() -> Result<ExportReport> {
        auto plan = planExport(network, request);
        if (!plan)
            return tl::unexpected(plan.error());
        if (request.folder.empty())
            return tl::unexpected(Error{ErrorKind::Usage, {}, std::nullopt, "no folder to export to is given"});
        return Batch(network, request, *plan, progress).run();
    });
}

Result<std::vector<std::pair<std::string, std::string>>> previewExport(
    const Network &network, const ExportRequest &request, std::size_t lines)
{
    using Preview = std::vector<std::pair<std::string, std::string>>;
    return guarded(network, [&]() -> Result<Preview> {
        auto plan = planExport(network, request);
        if (!plan)
            return tl::unexpected(plan.error());
        auto source = sourceFacts(network, true);
        if (!source)
            return tl::unexpected(source.error());
        Preview preview;
        std::vector<WrittenHeader> written;
        for (const ExportHeader &header : plan->headers) {
            PreviewSink sink(lines);
            writeHeader(header, *source, sink);
            preview.emplace_back(header.identifier + ".h", sink.text());
            written.push_back({&header, std::nullopt, {}});
        }
        const auto first = [&](std::string_view text) {
            PreviewSink sink(lines);
            sink.write(text);
            return sink.text();
        };
        std::vector<std::string> notes;
        preview.emplace_back(kFixedHelperName, first(fixedHelperText()));
        preview.emplace_back(
            kManifestName, first(manifestText(network, *source, *plan, written, std::nullopt, {}, notes)));
        return preview;
    });
}

std::vector<std::string> exportFormatNames() { return {"header"}; }

} // namespace quantscope
