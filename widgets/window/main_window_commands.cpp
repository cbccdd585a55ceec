#include "window/main_window.h"

#include "look/controls.h"
#include "look/theme.h"
#include "pages/start/start_page.h"
#include "panels/layers_panel.h"
#include "panels/problems_panel.h"
#include "panels/top_bar.h"
#include "session/settings.h"
#include "window/actions.h"

#include <QDialog>
#include <QDialogButtonBox>
#include <QDragEnterEvent>
#include <QFileDialog>
#include <QFileInfo>
#include <QGridLayout>
#include <QLineEdit>
#include <QMessageBox>
#include <QMimeData>
#include <QScrollArea>
#include <QSplitter>
#include <QTableView>

using namespace Qt::StringLiterals;

// What the actions of the main window do.

namespace quantscope {

void MainWindow::chooseFile()
{
    const QString folder = m_session.path().isEmpty() ? Settings::text(u"window/folder"_s, StartPage::samplesFolder())
                                                      : QFileInfo(m_session.path()).path();
    const QString path = QFileDialog::getOpenFileName(
        this, tr("Open a quantized model"), folder, tr("Models (*.pt *.pth *.bin *.ckpt *.onnx);;All files (*)"));
    if (path.isEmpty())
        return;
    Settings::setText(u"window/folder"_s, QFileInfo(path).path());
    open(path);
}

void MainWindow::chooseRecipe()
{
    const QString path = QFileDialog::getOpenFileName(
        this, tr("Use a recipe"), QFileInfo(m_session.path()).path(), tr("Recipes (*.toml);;All files (*)"));
    if (!path.isEmpty())
        m_session.useRecipe(Session::RecipeChoice::Chosen, path);
}

bool MainWindow::writeRecipe()
{
    if (m_session.state() != Session::State::Ready)
        return false;
    const QFileInfo model(m_session.path());
    const QString proposed = m_session.recipePath().isEmpty()
        ? model.path() + u"/"_s + model.completeBaseName() + u".recipe.toml"_s
        : m_session.recipePath();
    const QString path = QFileDialog::getSaveFileName(this, tr("Save the recipe"), proposed, tr("Recipes (*.toml)"));
    if (path.isEmpty())
        return false;
    if (QFileInfo(path) == QFileInfo(m_session.recipePath()) && m_session.recipeOverwritten()
        && QMessageBox::warning(this, tr("Save the recipe"),
               tr("%1 was changed by another program since it was read. Saving takes those changes away.").arg(path),
               QMessageBox::Save | QMessageBox::Cancel, QMessageBox::Cancel)
            != QMessageBox::Save)
        return false;
    const QString error = m_session.saveRecipe(path);
    if (error.isEmpty()) {
        m_savedRecipe = path;
        return true;
    }
    QMessageBox::warning(this, tr("The recipe was not saved"), error);
    return false;
}

void MainWindow::saveRecipe()
{
    if (writeRecipe())
        m_session.useRecipe(
            m_savedRecipe == m_session.besidePath() ? Session::RecipeChoice::Beside : Session::RecipeChoice::Chosen,
            m_savedRecipe);
}

/// Save, discard or keep working on edits of the recipe that no file has.
bool MainWindow::mayDiscardEdits()
{
    const auto answer = QMessageBox::question(this, tr("Unsaved recipe"),
        tr("The recipe of %1 has changes that are not saved.").arg(QFileInfo(m_session.path()).fileName()),
        QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, QMessageBox::Save);
    return answer == QMessageBox::Discard || (answer == QMessageBox::Save && writeRecipe());
}

void MainWindow::showPage(PageId page)
{
    if (m_session.network())
        pages()->show(page);
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
    else if (!m_top->filter()->text().isEmpty())
        m_top->filter()->clear();
    else if (m_session.network())
        focusLayers();
}

void MainWindow::setTheme(ThemeChoice choice)
{
    static const QString names[] = {u"system"_s, u"light"_s, u"dark"_s};
    Settings::setText(u"window/theme"_s, names[static_cast<int>(choice)]);
    Theme::instance().apply(choice);
}

void MainWindow::showKeys()
{
    QDialog dialog(this);
    dialog.setWindowTitle(tr("Keys"));
    auto *column = new QVBoxLayout(&dialog);
    auto *content = new QWidget;
    auto *grid = new QGridLayout(content);
    grid->setHorizontalSpacing(16);
    grid->setVerticalSpacing(5);
    int row = 0;
    const auto add = [&](const QString &key, const QString &text) {
        grid->addWidget(keyCap(key), row, 0, Qt::AlignRight);
        grid->addWidget(plainLabel(text), row++, 1);
    };
    for (const ActionRow &action : actionTable()) {
        QStringList keys;
        for (const QKeySequence &key : action.keys)
            keys << key.toString(QKeySequence::NativeText);
        if (!keys.isEmpty())
            add(keys.join(u"  "_s), QString(action.text).remove(u'&').remove(u'…') + u" – "_s + action.tip);
    }
    for (const KeyNote &note : keyNotes())
        add(note.keys, note.text);
    auto *scroll = new QScrollArea;
    scroll->setWidget(content);
    scroll->setWidgetResizable(true);
    column->addWidget(scroll);
    auto *buttons = new QDialogButtonBox(QDialogButtonBox::Close);
    connect(buttons, &QDialogButtonBox::rejected, &dialog, &QDialog::reject);
    column->addWidget(buttons);
    dialog.resize(620, 640);
    dialog.exec();
}

void MainWindow::showAbout()
{
    QMessageBox::about(this, tr("QuantScope"),
        tr("<h3>QuantScope %1</h3><p>An inspector for quantized neural networks on hardware.</p>"
           "<p>Free software under the GNU General Public License, version 3 or later.</p>")
            .arg(QStringLiteral(QUANTSCOPE_VERSION)));
}

void MainWindow::spreadProblems()
{
    makeWorkspace();
    const int height = m_left->height();
    m_left->setSizes({height / 2, height / 2});
}

void MainWindow::onFailed(const QString &text)
{
    if (m_session.network()) // an edit or a reload that did not work: what is shown stays
        QMessageBox::warning(this, tr("That did not work"), text);
}

static QString droppedFile(const QMimeData *data)
{
    for (const QUrl &url : data->urls())
        if (url.isLocalFile())
            return url.toLocalFile();
    return {};
}

void MainWindow::dragEnterEvent(QDragEnterEvent *event)
{
    if (!droppedFile(event->mimeData()).isEmpty())
        event->acceptProposedAction();
}

void MainWindow::dropEvent(QDropEvent *event)
{
    const QString path = droppedFile(event->mimeData());
    if (path.endsWith(u".toml") && m_session.network())
        m_session.useRecipe(Session::RecipeChoice::Chosen, path);
    else if (!path.isEmpty())
        open(path);
}

} // namespace quantscope
