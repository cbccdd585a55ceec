#pragma once

#include "base/atomic_file.h"
#include "export/batch_folder.h"
#include "export/export_report.h"
#include "export/export_step.h"
#include "export/manifest.h"
#include "export/writers/writer.h"

#include <deque>
#include <map>

namespace quantscope {

/// One run of exportLayers(): everything under temporary names, proven there, then renamed.
class ExportBatch {
public:
    /// Keeps references to all five.
    ExportBatch(const Network &network, const ExportRequest &request, const ExportPlan &plan, const Progress &progress,
        const ExportSteps &steps);

    /// Once. Errors and exceptions as the writers and proofs have them; then nothing is left behind.
    Result<ExportReport> run();

private:
    Result<void> spareForeignRecipe() const;
    Result<void> writeFile(const PlannedFile &file);
    Result<void> writeText(std::string_view name, const char *format, std::string_view text);
    Result<void> writeCompanions();
    Result<void> prove();
    Result<void> proveFormat(const Writer &writer);
    Result<void> writeManifest();
    Result<void> commit();
    CodesWritten stepper();
    /// `others` files behind that at `place` of the plan are done with it.
    void tell(std::string_view doing, std::size_t place, std::size_t others = 0) const;

    const Network &m_network;
    const ExportRequest &m_request;
    const ExportPlan &m_plan;
    const Progress &m_progress;
    const ExportSteps &m_steps;
    BatchFolder m_folder; ///< before the files: they go first
    SourceFacts m_source;
    std::deque<AtomicFile> m_files; ///< those of the plan in its order, companions, manifest
    std::vector<WrittenFile> m_written;
    std::vector<WrittenCompanion> m_companions;
    std::map<std::string, std::string, std::less<>> m_companionPaths; ///< temporary, by name
    ExportReport m_report; ///< its files are in the order of m_files
    std::uint64_t m_done = 0;
    std::uint64_t m_total = 0;
};

} // namespace quantscope
