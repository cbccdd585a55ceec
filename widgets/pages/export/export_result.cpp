#include "pages/export/export_result.h"

#include "items/text.h"
#include "look/theme.h"

#include <QBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QTableWidget>

#include <algorithm>
#include <map>

using namespace Qt::StringLiterals;

namespace quantscope {

enum Column { Mark, Name, Size, Proof, NUM_COLUMNS };

ExportResult::ExportResult(QWidget *parent)
    : Card(parent)
    , m_title(titleLabel())
    , m_note(dimLabel())
    , m_files(new QTableWidget(0, NUM_COLUMNS))
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
    m_files->horizontalHeader()->setSectionResizeMode(Proof, QHeaderView::Stretch);
    m_files->setMaximumHeight(170);
    box()->addWidget(m_files);
    hide();
}

void ExportResult::show(const QString &verdict, bool written)
{
    m_verdict = verdict;
    m_written = written;
    m_title->setText(verdict);
    m_files->setVisible(written);
    m_note->setVisible(true);
    setVisible(true);
}

void ExportResult::showRunning(const ExportStore &exports)
{
    const bool stops = exports.stopping();
    m_files->setRowCount(0);
    m_note->setText(stops ? QString() : exports.step());
    show(stops ? tr("stopping…") : exports.verifies() ? tr("writing and verifying…") : tr("writing…"), false);
}

void ExportResult::showOutcome(const std::optional<ExportStore::Written> &written)
{
    if (!written)
        show(tr("cancelled; nothing was written"), false);
    else if (written->report)
        showReport(*written->report, qs(written->request.folder), written->cancelled);
    else
        showError(qs(written->report.error().text()));
}

void ExportResult::showError(const QString &text)
{
    show(tr("■ not written"), false);
    m_note->setText(text);
}

void ExportResult::setCurrent(bool current, const QString &since, bool sameModel)
{
    if (m_verdict.isEmpty())
        return;
    setVisible(current || m_written);
    m_title->setText(current ? m_verdict : since);
    m_note->setVisible(sameModel);
    m_files->setVisible(m_written && sameModel);
    m_files->setEnabled(current);
    m_files->setColumnHidden(Mark, !current);
    m_files->setColumnHidden(Proof, !current);
}

static QString proofText(const ExportedFile &file, bool proven, bool edited)
{
    if (file.verified > 0)
        return ExportResult::tr("verified %1 of %2 by %3")
            .arg(groupedText(file.verified), groupedText(file.elements), qs(file.proof));
    if (file.format == "helper" && proven)
        return ExportResult::tr("compiled with the headers");
    if (file.format == "recipe")
        return edited ? ExportResult::tr("the recipe in force: edited, not saved")
                      : ExportResult::tr("the recipe in force");
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
            proofText(file, proven, report.recipeEdited)};
        for (int column = 0; column < NUM_COLUMNS; ++column) {
            auto *item = new QTableWidgetItem(texts[column]);
            if (column == Mark)
                item->setForeground(colours().green);
            if (column == Name || column == Size)
                item->setFont(Theme::mono(0.95));
            if (column == Size)
                item->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
            m_files->setItem(static_cast<int>(i), column, item);
        }
    }
    m_files->setColumnWidth(Mark, 30);
    m_files->setColumnWidth(Name, 220);
    m_files->setColumnWidth(Size, 110);
}

/// A network may leave out hundreds of slots: a few are told, and how many there are.
static QStringList firstNotes(const QStringList &all, qsizetype most)
{
    QStringList notes = all.mid(0, most);
    if (all.size() > most)
        notes << ExportResult::tr("and %1 more notes").arg(groupedText(static_cast<std::uint64_t>(all.size() - most)));
    return notes;
}

/// What is said of layer after layer in the same words is said once: they begin with its name.
static QStringList foldedNotes(const QStringList &all)
{
    QStringList said, notes;
    std::map<QString, std::uint64_t> counts;
    for (const QString &note : all)
        if (const QString words = note.contains(u' ') ? note.section(u' ', 1) : note; counts[words]++ == 0) {
            said << words;
            notes << note;
        }
    for (qsizetype i = 0; i < said.size(); ++i)
        if (const std::uint64_t count = counts[said[i]]; count > 1)
            notes[i] = ExportResult::tr("%1 layers: %2 (%3 and %4 more)")
                           .arg(groupedText(count), said[i], notes[i].section(u' ', 0, 0), groupedText(count - 1));
    return notes;
}

void ExportResult::showReport(const ExportReport &report, const QString &folder, bool cancelled)
{
    fillTable(report);
    std::uint64_t bytes = 0;
    std::uint64_t verified = 0;
    for (const ExportedFile &file : report.files) {
        bytes += file.bytes;
        verified += file.verified;
    }
    const QString verdict
        = verified > 0 ? tr("✓ verified %1 elements").arg(groupedText(verified)) : tr("written, not verified");
    const QString refused = report.refused.empty()
        ? QString()
        : tr("■ %1 refused; ").arg(countText(report.refused.size(), tr("slot"))); // the live model contradicts them
    show(refused + verdict, true);
    QStringList notes{tr("%1, %2 in %3").arg(countText(report.files.size(), tr("file")), byteText(bytes), folder)};
    if (cancelled)
        notes.prepend(tr("cancelled too late: all of it was written"));
    if (!report.assumed.empty())
        notes << u"▲ "_s + qs(report.assumed);
    QStringList all;
    for (const std::string &note : report.notes)
        all << shownText(note);
    m_note->setText((notes + firstNotes(foldedNotes(all), 3)).join(u" · "_s));
    m_note->setToolTip(plainTip(firstNotes(all, 30).join(u'\n')));
}

} // namespace quantscope
