#include "pages/export/export_page.h"

#include "export/export_array.h"
#include "export/writers/writer.h"
#include "items/text.h"
#include "look/controls.h"
#include "look/names.h"
#include "look/theme.h"
#include "pages/export/export_doubts.h"
#include "pages/export/export_layers.h"
#include "pages/export/export_preview.h"
#include "pages/export/export_result.h"
#include "recipe/recipe_toml.h"
#include "session/export_folder.h"
#include "session/lab_basis.h"
#include "session/session.h"

#include <QBoxLayout>
#include <QButtonGroup>
#include <QCheckBox>
#include <QDesktopServices>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QRadioButton>
#include <QUrl>

using namespace Qt::StringLiterals;

namespace quantscope {

ExportPage::ExportPage(Session &session, QWidget *parent)
    : Page(session, parent)
    , m_preview(new ExportPreview)
    , m_result(new ExportResult)
{
    auto *column = new QVBoxLayout(this);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(12);
    auto *row = new QHBoxLayout;
    row->setSpacing(12);
    row->addWidget(makeFormats(), 1);
    row->addWidget(makeLayouts(), 1);
    column->addLayout(row);
    column->addWidget(m_preview, 1);
    column->addWidget(m_result);
    ExportStore &exports = session.exports();
    connect(&session.proposals(), &Proposals::changed, this, &ExportPage::schedule);
    connect(&exports, &ExportStore::started, this, &ExportPage::onRunning);
    connect(&exports, &ExportStore::finished, this, &ExportPage::onFinished);
    connect(&exports, &ExportStore::progress, this, [this, &exports] { m_result->showRunning(exports); });
    connect(&exports, &ExportStore::stops, this, &ExportPage::onRunning);
    m_cancel->setVisible(exports.running());
    if (exports.running()) // since before this page was made
        onRunning();
}

/// Cut where there is no room, whole in the tooltip.
static ElidedLabel *shortLabel(const QString &text, bool mono = false)
{
    auto *label = new ElidedLabel(Qt::ElideRight);
    if (mono)
        label->setFont(Theme::mono());
    else
        label->setForegroundRole(QPalette::PlaceholderText);
    label->setFullText(text);
    return label;
}

QWidget *ExportPage::makeFormats()
{
    auto *card = new Card;
    auto *header = new QHBoxLayout;
    header->addWidget(titleLabel(tr("Formats")), 1);
    header->addWidget(m_formatCount = dimLabel());
    card->box()->addLayout(header);
    for (const Writer &writer : writers()) {
        const std::string name(writer.name);
        auto *row = new QHBoxLayout;
        auto *check = new QCheckBox(qs(name));
        check->setChecked(&writer == writers().data());
        check->setObjectName(u"format-"_s + qs(name));
        connect(check, &QCheckBox::toggled, this, &ExportPage::preview);
        row->addWidget(check);
        row->addWidget(shortLabel(tr(writer.title.data())), 1);
        card->box()->addLayout(row);
        m_formats.emplace_back(name, check);
    }
    addRun(*card->box());
    return card;
}

/// What is written, where, and the button that writes it.
void ExportPage::addRun(QBoxLayout &column)
{
    m_layers = new ExportLayers(session());
    connect(m_layers, &ExportLayers::allChosen, this, [this] {
        refreshNow();
        m_write->setFocus(); // the button that was clicked is gone
    });
    column.addWidget(m_layers);
    column.addStretch(1);
    column.addWidget(ruler());
    m_verify = new QCheckBox(tr("compile and compare"));
    m_verify->setChecked(true);
    m_verify->setObjectName(u"export-verify"_s);
    m_verify->setToolTip(tr("After writing, headers are compiled with the compilers found on this computer and memory "
                            "files are read back, and every element is compared with the model"));
    column.addWidget(m_verify);
    auto *run = new QHBoxLayout;
    m_doubts = new ExportDoubts;
    run->addWidget(m_doubts, 1);
    m_cancel = textButton(tr("Cancel"), tr("Stop writing; nothing is left behind (Esc)"));
    m_cancel->setObjectName(u"export-cancel"_s);
    connect(m_cancel, &QPushButton::clicked, &session().exports(), &ExportStore::cancel);
    m_write = textButton(tr("Write"), tr("Write the selected layers"));
    m_write->setProperty("primary", true);
    m_write->setObjectName(u"export-write"_s);
    setFocusProxy(m_write);
    connect(m_write, &QPushButton::clicked, this, &ExportPage::write);
    run->addWidget(m_cancel);
    run->addWidget(m_write);
    column.addLayout(makeFolder());
    column.addLayout(run);
}

QLayout *ExportPage::makeFolder()
{
    auto *folder = new QHBoxLayout;
    m_folder = new QLineEdit;
    m_folder->setObjectName(u"export-folder"_s);
    connect(m_folder, &QLineEdit::textChanged, this, &ExportPage::refreshFolder);
    setAccessible(m_folder, tr("Folder"),
        tr("Where the files are written; it is made if need be. A relative path starts beside the model"));
    m_openFolder = textButton(tr("Open folder"), tr("Show the folder in the file manager"));
    m_openFolder->setObjectName(u"export-open-folder"_s);
    connect(m_openFolder, &QPushButton::clicked, this,
        [this] { QDesktopServices::openUrl(QUrl::fromLocalFile(this->folder())); });
    m_absolute = shortLabel({});
    m_absolute->setObjectName(u"export-absolute"_s);
    auto *choose = textButton(tr("Choose…"), tr("Choose the folder"));
    connect(choose, &QPushButton::clicked, this, &ExportPage::chooseFolder);
    folder->addWidget(dimLabel(tr("Folder")));
    folder->addWidget(m_folder, 1);
    folder->addWidget(choose);
    auto *beside = new QHBoxLayout;
    beside->addWidget(m_absolute, 1);
    beside->addWidget(m_openFolder);
    auto *both = new QVBoxLayout;
    both->addLayout(folder);
    both->addLayout(beside);
    return both;
}

QWidget *ExportPage::makeLayouts()
{
    auto *card = new Card;
    auto *header = new QHBoxLayout;
    header->addWidget(titleLabel(tr("Layout")));
    m_layoutNote = new NameLabel;
    m_layoutNote->setForegroundRole(QPalette::PlaceholderText);
    m_layoutNote->setAlignment(Qt::AlignRight);
    header->addWidget(m_layoutNote, 1);
    card->box()->addLayout(header);
    m_layoutGrid = new QGridLayout;
    m_layoutGrid->setHorizontalSpacing(16);
    m_layoutGrid->setVerticalSpacing(6);
    m_layoutGrid->setColumnStretch(2, 1);
    m_layoutGrid->setColumnMinimumWidth(1, 40);
    card->box()->addLayout(m_layoutGrid);
    card->box()->addStretch(1);
    m_layoutGroup = new QButtonGroup(this);
    connect(m_layoutGroup, &QButtonGroup::idClicked, this, [this](int at) {
        m_layout = m_layoutNames[static_cast<std::size_t>(at)];
        preview();
    });
    return card;
}

ExportRequest ExportPage::request() const
{
    ExportRequest request;
    request.layers = m_layers->chosen();
    for (const auto &[name, check] : m_formats)
        if (check->isChecked())
            request.formats.push_back(name);
    request.layout = m_layout;
    request.folder = str(folder());
    request.verify = m_verify->isChecked();
    return request;
}

QString ExportPage::folder() const { return absoluteExportFolder(m_model, m_folder->text().trimmed()); }

/// Every model has a folder of its own: no model overwrites the files of another.
void ExportPage::offerFolder()
{
    const QString model = session().path();
    if (model.isEmpty() || model == m_model)
        return;
    keepFolder();
    m_model = model;
    m_offered = exportFolder(model);
    m_folder->setText(m_offered);
    refreshFolder();
}

void ExportPage::keepFolder()
{
    if (!m_model.isEmpty() && !m_folder->text().isEmpty() && m_folder->text() != m_offered)
        rememberExportFolder(m_model, m_folder->text());
}

void ExportPage::refreshFolder()
{
    const QString absolute = folder();
    m_absolute->setFullText(absolute == m_folder->text() ? QString() : u"= "_s + absolute);
    m_openFolder->setEnabled(QFileInfo(absolute).isDir());
    refreshResult();
}

void ExportPage::refresh()
{
    offerFolder();
    m_layers->refresh();
    fillLayouts();
    preview();
}

static QString axisNote(std::string_view name)
{
    return name == "source" ? ExportPage::tr("the framework’s own")
        : name == "hwio"    ? ExportPage::tr("height, width, in, out")
        : name == "ohwi"    ? ExportPage::tr("inputs innermost")
        : name == "io"      ? ExportPage::tr("transposed Linear")
                            : QString();
}

/// Layouts with the index formula of the selected weight; those that do not fit it say so.
void ExportPage::fillLayouts()
{
    const auto layers = m_layers->chosen();
    const SlotRef slot = layers.empty() ? SlotRef()
                                        : slotRef(session().network(), layers.front(),
                                            tensorSlots(*session().network()->layer(layers.front())).front());
    if (m_layoutSlot == slot && !m_layoutNames.empty())
        return;
    m_layoutSlot = slot;
    m_layoutNames.clear();
    while (QLayoutItem *item = m_layoutGrid->takeAt(0)) {
        delete item->widget();
        delete item;
    }
    if (slot.readable())
        m_layoutNote->setName(shownText(slot.layer->name) + u'.' + qs(slot.slot->slot), tr("shown for "));
    else
        m_layoutNote->setName({});
    int row = 0;
    for (const std::string_view name : layoutNames()) {
        bool fellBack = false;
        const auto layout
            = slot.readable() ? std::optional(exportLayout(*slot.layer, *slot.slot, name, &fellBack)) : std::nullopt;
        auto *radio = new QRadioButton(qs(name));
        radio->setFont(Theme::mono(1.0, true));
        radio->setChecked(name == m_layout);
        radio->setObjectName(u"layout-"_s + qs(name));
        m_layoutGroup->addButton(radio, row);
        m_layoutGrid->addWidget(radio, row, 0);
        const bool fits = layout && !fellBack;
        auto *formula = shortLabel(fits ? qs(layout->index) : tr("does not fit: written as source"), fits);
        formula->setObjectName(u"layout-index-"_s + qs(name));
        if (fits)
            m_layoutGrid->addWidget(monoLabel(qs(layout->axisNames)), row, 1);
        m_layoutGrid->addWidget(formula, row, fits ? 2 : 1, 1, fits ? 1 : 2);
        radio->setToolTip(axisNote(name));
        ++row;
        m_layoutNames.emplace_back(name);
    }
}

bool ExportPage::idle() const { return m_preview->idle() && !session().exports().running(); }

void ExportPage::preview()
{
    const ExportRequest wanted = request();
    m_formatCount->setText(tr("%1 of %2").arg(wanted.formats.size()).arg(m_formats.size()));
    m_preview->setRequest(session().network(), wanted);
    m_doubts->show(
        session().network(), wanted.layers, session().recipeEdited(), session().proposals().countIn(wanted.layers));
    m_write->setText(wanted.layers.size() == 1 ? tr("Write 1 layer") : tr("Write %1 layers").arg(wanted.layers.size()));
    m_write->setEnabled(!wanted.layers.empty() && !wanted.formats.empty() && !wanted.folder.empty()
        && !m_doubts->forbids() && !session().exports().running());
    refreshResult();
}

/// Equal networks give equal files.
static bool sameNetwork(const Network &a, const Network &b)
{
    return &a == &b
        || (a.file == b.file && a.confirmedBy == b.confirmedBy && recipeText(a.recipe) == recipeText(b.recipe)
            && !quantizersDiffer(a, b));
}

/// A result stands under what it was made from, and else says so.
void ExportPage::refreshResult()
{
    const auto &written = session().exports().written();
    if (!written || session().exports().running())
        return;
    const auto network = session().network();
    const bool sameModel = network && network->file->path == written->network->file->path;
    ExportRequest wanted = request();
    wanted.verify = written->request.verify;
    const bool current = sameModel && wanted == written->request && sameNetwork(*network, *written->network);
    const QString file = shownText(QFileInfo(qs(written->network->file->path)).fileName());
    m_result->setCurrent(current,
        sameModel ? tr("written %1, before the last change").arg(written->at)
                  : tr("%1: written %2, before this model was opened").arg(file, written->at),
        sameModel);
}

void ExportPage::onRunning()
{
    const ExportStore &exports = session().exports();
    m_cancel->show();
    if (m_write->hasFocus())
        m_cancel->setFocus(); // a button that is off hands its focus to whatever comes next
    m_result->showRunning(exports);
    preview();
}

void ExportPage::onFinished()
{
    preview();
    if (m_cancel->hasFocus())
        m_write->setFocus();
    m_cancel->hide();
    m_result->showOutcome(session().exports().written());
    refreshFolder();
}

void ExportPage::write()
{
    const ExportRequest wanted = request();
    if (session().exports().running() || !session().network() || !mayWriteInto(qs(wanted.folder)))
        return;
    rememberExportFolder(m_model, m_folder->text());
    session().exports().start(session().network(), wanted);
}

/// A manifest there names exactly the files that belong together: another model's would be no more.
bool ExportPage::mayWriteInto(const QString &folder)
{
    const QString other = otherSourceIn(folder, m_model);
    return other.isEmpty()
        || QMessageBox::warning(this, tr("The export of another model"),
               tr("%1 holds the files of %2. Writing takes its manifest's place, and files of the same name.")
                   .arg(shownText(folder), shownText(other)),
               QMessageBox::Save | QMessageBox::Cancel, QMessageBox::Cancel)
        == QMessageBox::Save;
}

void ExportPage::chooseFolder()
{
    const QString chosen = QFileDialog::getExistingDirectory(this, tr("Folder for the exported files"), folder());
    if (chosen.isEmpty())
        return;
    m_folder->setText(chosen);
    rememberExportFolder(m_model, chosen);
}

} // namespace quantscope
