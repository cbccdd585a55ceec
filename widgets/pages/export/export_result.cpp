#include "pages/export/export_result.h"

#include "items/text.h"
#include "look/theme.h"

#include <QBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QTableWidget>

#include <algorithm>

using namespace Qt::StringLiterals;

namespace quantscope {

ExportResult::ExportResult(QWidget *parent)
    : Card(parent)
    , m_title(titleLabel())
    , m_note(dimLabel())
    , m_files(new QTableWidget(0, 4))
{
    auto *header = new QHBoxLayout;
    m_title->setObjectName(u"export-result"_s);
    m_note->setObjectName(u"export-note"_s);
    m_note->setWordWrap(true);
    header->addWidget(m_title);
    header->addWidget(m_note, 1);
    box()->addLayout(header);
    setUpTable(m_files, tr("Written files"));
    m_files->setObjectName(u"export-written"_s);
    m_files->horizontalHeader()->hide();
    m_files->horizontalHeader()->setSectionResizeMode(3, QHeaderView::Stretch);
    m_files->setMaximumHeight(170);
    box()->addWidget(m_files);
    hide();
}

void ExportResult::showRunning(bool verifies)
{
    show();
    m_files->setRowCount(0);
    m_files->hide();
    m_note->clear();
    m_title->setText(verifies ? tr("writing and verifying…") : tr("writing…"));
}

void ExportResult::showProgress(int permille) { m_title->setText(tr("writing… %1 %").arg(permille / 10)); }

void ExportResult::showCancelled() { m_title->setText(tr("cancelled; nothing was written")); }

void ExportResult::showError(const QString &text)
{
    m_title->setText(tr("■ not written"));
    m_note->setText(text);
}

static QString proofText(const ExportedFile &file, bool proven)
{
    if (file.verified > 0)
        return ExportResult::tr("verified %1 of %2 by %3")
            .arg(groupedText(file.verified), groupedText(file.elements), qs(file.proof));
    if (file.format == "helper" && proven)
        return ExportResult::tr("compiled with the headers");
    if (file.format == "recipe")
        return ExportResult::tr("the recipe in force, which no file holds");
    if (file.format == "manifest")
        return ExportResult::tr("renamed into place last");
    return file.proof.empty() ? ExportResult::tr("not verified") : qs(file.proof);
}

void ExportResult::fillTable(const ExportReport &report)
{
    const bool proven = std::any_of(
        report.files.begin(), report.files.end(), [](const ExportedFile &file) { return file.verified > 0; });
    m_files->setRowCount(static_cast<int>(report.files.size()));
    for (std::size_t i = 0; i < report.files.size(); ++i) {
        const ExportedFile &file = report.files[i];
        const QString texts[] = {file.verified > 0 ? u"✓"_s : u"·"_s, qs(file.name), groupedText(file.bytes) + u" B"_s,
            proofText(file, proven)};
        for (int column = 0; column < 4; ++column) {
            auto *item = new QTableWidgetItem(texts[column]);
            if (column == 0)
                item->setForeground(colours().green);
            if (column == 1 || column == 2)
                item->setFont(Theme::mono(0.95));
            if (column == 2)
                item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
            m_files->setItem(static_cast<int>(i), column, item);
        }
    }
    m_files->setColumnWidth(0, 30);
    m_files->setColumnWidth(1, 220);
    m_files->setColumnWidth(2, 110);
    m_files->show();
}

void ExportResult::showReport(const ExportReport &report, const QString &folder)
{
    fillTable(report);
    std::uint64_t bytes = 0;
    std::uint64_t verified = 0;
    for (const ExportedFile &file : report.files) {
        bytes += file.bytes;
        verified += file.verified;
    }
    m_title->setText(
        verified > 0 ? tr("✓ verified %1 elements").arg(groupedText(verified)) : tr("written, not verified"));
    QStringList notes{tr("%1, %2 in %3").arg(countText(report.files.size(), tr("file")), byteText(bytes), folder)};
    for (const std::string &note : report.notes)
        notes << shownText(note);
    m_note->setText(notes.join(u" · "_s));
}

} // namespace quantscope
