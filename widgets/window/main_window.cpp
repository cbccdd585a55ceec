#include "window/main_window.h"

#include "items/text.h"
#include "look/controls.h"
#include "look/theme.h"
#include "network/layer_index.h"
#include "pages/page.h"
#include "pages/start/start_page.h"
#include "panels/layers_panel.h"
#include "panels/problems_panel.h"
#include "panels/run_bar.h"
#include "panels/second_bar.h"
#include "panels/target_choice.h"
#include "panels/top_bar.h"
#include "session/settings.h"
#include "window/failure_bar.h"
#include "window/status_line.h"
#include "window/window_layout.h"
#include "window/work_splitter.h"

#include <QBoxLayout>
#include <QCloseEvent>
#include <QDragEnterEvent>
#include <QFileInfo>
#include <QLineEdit>
#include <QMenu>
#include <QMenuBar>
#include <QPushButton>
#include <QSplitter>
#include <QStackedWidget>
#include <QTableView>

using namespace Qt::StringLiterals;

namespace quantscope {

MainWindow::MainWindow(QWidget *parent)
    : QMainWindow(parent)
    , m_top(new TopBar)
    , m_run(new RunBar(m_session))
    , m_stack(new QStackedWidget)
    , m_loading(dimLabel())
    , m_failure(new FailureBar)
    , m_second(new SecondBar(m_session))
    , m_status(new StatusLine)
    , m_files(m_session, *this)
    , m_dataFiles(m_session, *this)
    , m_dropped(m_session, m_dataFiles)
    , m_actions(*this)
{
    setWindowTitle(u"QuantScope"_s);
    setAcceptDrops(true);
    auto *central = new QWidget;
    auto *column = new QVBoxLayout(central);
    column->setContentsMargins(0, 0, 0, 0);
    column->setSpacing(0);
    column->addWidget(m_top);
    column->addWidget(m_run);
    m_run->hide();
    column->addWidget(m_failure);
    column->addWidget(m_second);
    column->addWidget(m_stack, 1);
    setCentralWidget(central);
    setStatusBar(m_status);
    m_top->add(new TargetChoice(m_session, m_top));
    connectSession();
    m_session.setDiscardGuard([this] { return m_files.mayDiscardEdits(); });
    connect(m_top->open(), &QPushButton::clicked, this, [this] { m_files.chooseFile(); });
    connect(m_top->recipe(), &QPushButton::clicked, this, [this] { showPage(PageId::Recipe); });
    connect(m_top->compare(), &QPushButton::clicked, this, [this] { showPage(PageId::Compare); });
    connect(m_top->exportLayers(), &QPushButton::clicked, this, [this] { showPage(PageId::Export); });
    connect(m_top->filter(), &QLineEdit::textChanged, this, [this](const QString &text) {
        const QString error = layers()->setFilter(text);
        setWrong(m_top->filter(), !error.isEmpty(), error);
        onSelection(); // an older message goes
        if (!error.isEmpty())
            m_status->setText(error);
        else if (m_session.network() && layers()->table()->model()->rowCount() == 0)
            m_status->setText(tr("no layer matches the filter"));
    });
    connect(m_top->filter(), &QLineEdit::returnPressed, this, &MainWindow::focusLayers);
    resize(1440, 900);
    quantscope::restoreGeometry(*this);
    m_actions.update();
    m_loading->setAlignment(Qt::AlignCenter);
    m_stack->addWidget(m_loading);
}

/// The start page is made only when it is seen: not where a model is opened at once.
void MainWindow::showEvent(QShowEvent *event)
{
    if (m_session.state() == Session::State::Empty)
        onState();
    QMainWindow::showEvent(event);
}

MainWindow::~MainWindow()
{
    m_session.disconnect(this);
    m_session.undoStack().disconnect(this); // it tells of its end
    m_session.exports().disconnect(this);
    m_session.runs().disconnect(this);
}

void MainWindow::connectSession()
{
    connect(&m_session, &Session::stateChanged, this, &MainWindow::onState);
    connect(&m_session, &Session::selectionChanged, this, &MainWindow::onSelection);
    connect(&m_session, &Session::progressChanged, this, &MainWindow::onProgress);
    connect(&m_session, &Session::changedOnDiskChanged, this, &MainWindow::onChangedOnDisk);
    connect(&m_session, &Session::failed, this, &MainWindow::onFailed);
    connect(&m_session.undoStack(), &QUndoStack::indexChanged, this, [this] {
        m_status->setUndoText(m_session.undoStack().undoText());
        m_actions.update();
    });
    ExportStore &exports = m_session.exports();
    connect(&exports, &ExportStore::started, this, [this] { onExport(0); });
    connect(&exports, &ExportStore::progress, this, &MainWindow::onExport);
    connect(&exports, &ExportStore::stops, this, &MainWindow::onExport);
    connect(&exports, &ExportStore::finished, this, [this] { onExport(1000); });
    connect(m_run, &RunBar::samplesRequested, this, [this] { m_dataFiles.choose(DataFiles::Role::Samples); });
    connect(m_run, &RunBar::labelsRequested, this, [this] { m_dataFiles.choose(DataFiles::Role::Labels); });
    connect(
        &m_dataFiles, &DataFiles::failed, this, [this](const QString &text) { m_failure->showFailure(text, false); });
    connect(
        &m_dropped, &DroppedFiles::failed, this, [this](const QString &text) { m_failure->showFailure(text, false); },
        Qt::QueuedConnection); // behind what a new model hides
    connect(&m_session.runs(), &RunStore::resultChanged, &m_actions, &WindowActions::update);
    connect(&m_session.runs(), &RunStore::memoryChanged, &m_actions, &WindowActions::update);
    connect(&m_session.proposals(), &Proposals::leftOut, m_status, &StatusLine::setText, Qt::QueuedConnection);
    connect(&m_session.proposals(), &Proposals::droppedSome, m_status, &StatusLine::setText, Qt::QueuedConnection);
    connect(&m_session.second(), &SecondModel::changed, &m_actions, &WindowActions::update);
    connect(m_second, &SecondBar::chooseRecipeRequested, this, [this] { m_files.chooseSecondRecipe(); });
    connect(m_failure, &FailureBar::withoutRecipe, this, [this] { m_session.tryAgain(false); });
    connect(m_failure, &FailureBar::again, this, [this] { m_session.tryAgain(); });
    connect(m_status, &StatusLine::cancelRequested, this, &MainWindow::escape);
    connect(m_status, &StatusLine::reloadRequested, &m_session, &Session::reload);
}

StartPage *MainWindow::startPage()
{
    if (!m_start) {
        m_start = new StartPage;
        m_stack->addWidget(m_start);
        connect(m_start, &StartPage::openRequested, this, [this](const QString &path) { open(path); });
        connect(m_start, &StartPage::chooseRequested, this, [this] { m_files.chooseFile(); });
    }
    return m_start;
}

void MainWindow::makeWorkspace()
{
    if (m_split)
        return;
    // From the outside in: a widget that is moved to another parent has its style computed again, with all it holds.
    m_split = new WorkSplitter(m_stack);
    m_stack->addWidget(m_split);
    m_left = new QSplitter(Qt::Vertical, m_split);
    m_layers = new LayersPanel(m_session, m_left);
    m_problems = new ProblemsPanel(m_session, m_left);
    m_pages = new PageHost(m_session, m_split);
    m_left->setStretchFactor(0, 1);
    m_left->setSizes({600, 160});
    m_split->setStretchFactor(1, 1);
    const int left = usualLeft(width());
    m_split->setSizes({left, width() - left});
    for (QSplitter *splitter : {static_cast<QSplitter *>(m_split), m_left}) {
        splitter->setHandleWidth(1);
        splitter->setChildrenCollapsible(false);
    }
    m_layers->setMinimumWidth(kMinimumLeft);
    m_pages->setMinimumWidth(440);
    connect(m_pages, &PageHost::chooseRecipeRequested, this, [this] { m_files.chooseRecipe(); });
    connect(m_pages, &PageHost::saveRecipeRequested, this, [this] { m_files.saveRecipe(); });
    connect(m_pages, &PageHost::runRequested, &m_dataFiles, &DataFiles::runOrChoose);
    connect(m_problems, &ProblemsPanel::activated, m_pages, &PageHost::follow);
    connect(m_layers, &LayersPanel::filterRequested, m_top->filter(), &QLineEdit::setText);
    connect(m_layers, &LayersPanel::treeChanged, &m_actions, &WindowActions::update);
    connect(m_pages, &PageHost::pageChanged, &m_actions, &WindowActions::update);
    restoreShares(*m_split, *m_left);
    m_pages->show(PageId::Distribution);
}

PageHost *MainWindow::pages()
{
    makeWorkspace();
    return m_pages;
}

LayersPanel *MainWindow::layers()
{
    makeWorkspace();
    return m_layers;
}

ProblemsPanel *MainWindow::problems()
{
    makeWorkspace();
    return m_problems;
}

void MainWindow::onState()
{
    const bool open = m_session.network() != nullptr;
    m_top->setModelOpen(open);
    m_run->setVisible(open);
    if (m_session.state() == Session::State::Loading || m_session.state() == Session::State::Empty)
        m_failure->hide(); // it is another file's
    if (open) {
        makeWorkspace();
        m_stack->setCurrentWidget(m_split);
        setWindowTitle(shownText(QFileInfo(m_session.path()).fileName()) + u" – QuantScope"_s);
    } else if (m_session.state() == Session::State::Loading) {
        m_loading->setText(tr("Reading %1…").arg(shownText(QFileInfo(m_session.loadingPath()).fileName())));
        m_stack->setCurrentWidget(m_loading);
    } else {
        m_stack->setCurrentWidget(startPage());
        startPage()->showError(m_session.state() == Session::State::Failed ? m_session.errorText() : QString());
        setWindowTitle(u"QuantScope"_s);
    }
    m_actions.update();
    onSelection();
}

void MainWindow::onSelection()
{
    const auto network = m_session.network();
    int exportable = 0;
    if (network)
        for (const LayerIndex index(*network); const QString &name : m_session.selectedLayers())
            if (const Layer *layer = index.find(str(name)))
                exportable += std::ranges::any_of(layer->slots, &SlotQuantizer::hasCodes);
    m_top->exportLayers()->setEnabled(exportable > 0);
    m_top->exportLayers()->setText(exportable == 0 ? tr("Export")
            : exportable == 1                      ? tr("Export 1 layer")
                                                   : tr("Export %1 layers").arg(exportable));
    if (m_session.state() == Session::State::Loading)
        return;
    m_status->setText(network ? tr("%1 · %2 · %3 · %4")
                                    .arg(shownText(QFileInfo(m_session.path()).fileName()), qs(network->file->format),
                                        countText(network->layers.size(), tr("layer")), byteText(network->file->bytes))
                              : tr("no file open"));
}

void MainWindow::onProgress(const QString &text, int permille)
{
    m_status->setProgress(permille);
    if (permille < 1000)
        m_status->setText(text);
    else
        onSelection();
}

void MainWindow::onChangedOnDisk() { m_status->setChangedOnDisk(m_session.changedOnDisk()); }

void MainWindow::fitTo(const QSize &available)
{
    if (!hasSavedGeometry())
        resize(firstSize(available));
}

void MainWindow::closeEvent(QCloseEvent *event)
{
    if (!m_files.mayStopExport() || !m_session.mayDiscard()) {
        event->ignore();
        return;
    }
    saveLayout(*this, m_split, m_left);
    m_session.exports().cancel();
    m_session.cancel();
    event->accept();
}

void MainWindow::showPage(PageId page)
{
    if (m_session.network())
        pages()->show(page);
}

void MainWindow::prepareExport()
{
    showPage(PageId::Export);
    if (m_session.network())
        pages()->page(PageId::Export)->setFocus(Qt::ShortcutFocusReason);
}

void MainWindow::focusFilter()
{
    m_top->filter()->setFocus(Qt::ShortcutFocusReason);
    m_top->filter()->selectAll();
}

void MainWindow::focusLayers() { layers()->table()->setFocus(Qt::ShortcutFocusReason); }

void MainWindow::focusProblems() { problems()->table()->setFocus(Qt::ShortcutFocusReason); }

void MainWindow::stepLayer(int by) { layers()->step(by); }

void MainWindow::escape()
{
    if (m_session.state() == Session::State::Loading || !m_session.statistics().idle())
        m_session.cancel();
    else if (m_pages && m_pages->cancelWork())
        return;
    else if (m_session.runs().running())
        m_session.runs().cancel();
    else if (m_session.second().running())
        m_session.second().cancel();
    else if (m_session.exports().running())
        m_session.exports().cancel();
    else if (!m_top->filter()->text().isEmpty())
        m_top->filter()->clear();
    else if (m_session.network())
        focusLayers();
}

void MainWindow::showOperators(bool shown)
{
    layers()->showOperators(shown);
    m_actions.update();
}

bool MainWindow::showsOperators() { return layers()->showsOperators(); }

bool MainWindow::hasOperators() const
{
    const auto network = m_session.network();
    return network && std::ranges::any_of(network->flow.nodes(), [](const FlowNode &node) { return !node.layer; });
}

void MainWindow::setTheme(ThemeChoice choice)
{
    static const QString names[] = {u"system"_s, u"light"_s, u"dark"_s};
    Settings::setText(u"window/theme"_s, names[static_cast<int>(choice)]);
    Theme::instance().apply(choice);
}

void MainWindow::spreadProblems()
{
    makeWorkspace();
    const int height = m_left->height();
    m_left->setSizes({height / 2, height / 2});
}

/// What is shown stays: an edit, a reload or another file that did not work. The start page tells the rest.
void MainWindow::onFailed(const QString &text)
{
    const QString recipe = m_session.failedRecipe();
    if (m_session.network())
        m_failure->showFailure(text, !recipe.isEmpty());
    else if (!recipe.isEmpty())
        m_failure->showFailure(tr("The recipe %1 cannot be used.").arg(shownText(recipe)), true);
}

void MainWindow::onExport(int permille) { m_status->setExport(m_session.exports().text(), permille); }

void MainWindow::dragEnterEvent(QDragEnterEvent *event)
{
    if (FileDialogs::takes(*event->mimeData()))
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent *event)
{
    const QStringList paths = FileDialogs::droppedFiles(*event->mimeData());
    const QString path = paths.value(0);
    if (paths.size() > 1)
        m_dropped.take(paths);
    else if (m_session.network() && DataFiles::looksLikeData(path))
        m_dataFiles.askWhat(path, [this, path] { open(path); });
    else
        m_files.open(*event->mimeData());
}

} // namespace quantscope
