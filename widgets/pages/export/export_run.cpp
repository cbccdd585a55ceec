#include "pages/export/export_page.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/theme.h"
#include "pages/parts/code_view.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QCheckBox>
#include <QComboBox>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPushButton>
#include <QTableWidget>

#include <algorithm>

using namespace Qt::StringLiterals;

// Preview, writing and the result of an export.

namespace quantscope {

static constexpr std::size_t kPreviewLines = 200;

QWidget *ExportPage::makeResult()
{
    m_resultCard = new Card;
    auto *header = new QHBoxLayout;
    m_resultTitle = titleLabel();
    m_resultTitle->setObjectName(u"export-result"_s);
    m_resultNote = dimLabel();
    m_resultNote->setObjectName(u"export-note"_s);
    m_resultNote->setWordWrap(true);
    header->addWidget(m_resultTitle);
    header->addWidget(m_resultNote, 1);
    m_resultCard->box()->addLayout(header);
    m_result = new QTableWidget(0, 4);
    setUpTable(m_result, tr("Written files"));
    m_result->setObjectName(u"export-written"_s);
    m_result->horizontalHeader()->hide();
    m_result->horizontalHeader()->setSectionResizeMode(3, QHeaderView::Stretch);
    m_result->setMaximumHeight(170);
    m_resultCard->box()->addWidget(m_result);
    m_resultCard->hide();
    return m_resultCard;
}

void ExportPage::preview()
{
    const ExportRequest wanted = request();
    m_formatCount->setText(tr("%1 of %2").arg(wanted.formats.size()).arg(m_formats.size()));
    if (!m_writing.running()) {
        m_write->setEnabled(!wanted.layers.empty() && !wanted.formats.empty());
        m_write->setText(
            wanted.layers.size() == 1 ? tr("Write 1 layer") : tr("Write %1 layers").arg(wanted.layers.size()));
    }
    if (wanted.layers.empty() || wanted.formats.empty()) {
        m_previewing.cancel();
        return showPreview({});
    }
    m_previewing.start([network = session().network(), wanted](
                           const Progress &) { return previewExport(*network, wanted, kPreviewLines); },
        [this](Result<Preview> files) {
            if (files)
                return showPreview(*files);
            showPreview({});
            m_code->setText(qs(files.error().message), CodeView::Language::Cpp);
        });
}

void ExportPage::showPreview(const Preview &files)
{
    const QString current = m_files->currentText();
    m_preview = files;
    m_files->blockSignals(true);
    m_files->clear();
    for (const auto &[name, text] : files)
        m_files->addItem(qs(name));
    m_files->setCurrentIndex(std::max(0, m_files->findText(current)));
    m_files->blockSignals(false);
    m_files->setEnabled(!files.empty());
    showFile(m_files->currentIndex());
}

void ExportPage::showFile(int at)
{
    if (at < 0 || static_cast<std::size_t>(at) >= m_preview.size())
        return m_code->setText({}, CodeView::Language::Cpp);
    const auto &[name, text] = m_preview[static_cast<std::size_t>(at)];
    m_code->setText(qs(text),
        name.ends_with(".json")       ? CodeView::Language::Json
            : name.ends_with(".toml") ? CodeView::Language::Toml
                                      : CodeView::Language::Cpp);
}

void ExportPage::write()
{
    if (m_writing.running()) {
        m_writing.cancel();
        m_resultTitle->setText(tr("cancelled; nothing was written"));
        return preview();
    }
    const ExportRequest wanted = request();
    m_resultCard->show();
    m_result->setRowCount(0);
    m_result->hide();
    m_resultNote->clear();
    m_resultTitle->setText(wanted.verify ? tr("writing and verifying…") : tr("writing…"));
    m_write->setText(tr("Cancel"));
    m_writing.start([network = session().network(), wanted](
                        const Progress &progress) { return exportLayers(*network, wanted, progress); },
        [this, folder = m_folder->text()](Result<ExportReport> report) {
            preview();
            if (report)
                return showReport(*report, folder);
            m_resultTitle->setText(tr("■ not written"));
            m_resultNote->setText(qs(report.error().text()));
        },
        [this](int permille) { m_resultTitle->setText(tr("writing… %1 %").arg(permille / 10)); });
}

static QString proofText(const ExportedFile &file, bool proven)
{
    if (file.verified > 0)
        return ExportPage::tr("verified %1 of %2 by %3")
            .arg(groupedText(file.verified), groupedText(file.elements), qs(file.proof));
    if (file.format == "helper" && proven)
        return ExportPage::tr("compiled with the headers");
    if (file.format == "recipe")
        return ExportPage::tr("the recipe in force, which no file holds");
    if (file.format == "manifest")
        return ExportPage::tr("renamed into place last");
    return file.proof.empty() ? ExportPage::tr("not verified") : qs(file.proof);
}

void ExportPage::showReport(const ExportReport &report, const QString &folder)
{
    std::uint64_t bytes = 0;
    std::uint64_t verified = 0;
    const bool proven = std::any_of(
        report.files.begin(), report.files.end(), [](const ExportedFile &file) { return file.verified > 0; });
    m_result->setRowCount(static_cast<int>(report.files.size()));
    for (std::size_t i = 0; i < report.files.size(); ++i) {
        const ExportedFile &file = report.files[i];
        bytes += file.bytes;
        verified += file.verified;
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
            m_result->setItem(static_cast<int>(i), column, item);
        }
    }
    m_result->setColumnWidth(0, 30);
    m_result->setColumnWidth(1, 220);
    m_result->setColumnWidth(2, 110);
    m_result->show();
    m_resultTitle->setText(
        verified > 0 ? tr("✓ verified %1 elements").arg(groupedText(verified)) : tr("written, not verified"));
    QStringList notes{tr("%1, %2 in %3").arg(countText(report.files.size(), tr("file")), byteText(bytes), folder)};
    for (const std::string &note : report.notes)
        notes << qs(note);
    m_resultNote->setText(notes.join(u" · "_s));
}

} // namespace quantscope
