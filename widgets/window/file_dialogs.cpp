#include "window/file_dialogs.h"

#include "base/file_name.h"
#include "items/text.h"
#include "pages/start/start_page.h"
#include "session/session.h"
#include "session/settings.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>
#include <QMimeData>
#include <QPushButton>
#include <QUrl>

using namespace Qt::StringLiterals;

namespace quantscope {

QStringList FileDialogs::droppedFiles(const QMimeData &data)
{
    QStringList out;
    for (const QUrl &url : data.urls())
        if (url.isLocalFile())
            out << url.toLocalFile();
    return out;
}

bool FileDialogs::takes(const QMimeData &dropped) { return !droppedFiles(dropped).isEmpty(); }

void FileDialogs::open(const QMimeData &dropped)
{
    const QString path = droppedFiles(dropped).value(0);
    if (path.endsWith(u".toml") && m_session.network())
        m_session.useRecipe(Session::RecipeChoice::Chosen, path);
    else if (!path.isEmpty() && m_session.network())
        openOrCompare(path);
    else if (!path.isEmpty())
        m_session.open(path);
}

void FileDialogs::openOrCompare(const QString &path)
{
    QMessageBox box(QMessageBox::Question, QObject::tr("A second file"),
        QObject::tr("%1 was dropped on %2.")
            .arg(shownText(QFileInfo(path).fileName()), shownText(QFileInfo(m_session.path()).fileName())),
        QMessageBox::Cancel, &m_window);
    box.setTextFormat(Qt::PlainText);
    const QPushButton *compare = box.addButton(QObject::tr("Compare the two"), QMessageBox::YesRole);
    const QPushButton *open = box.addButton(QObject::tr("Open it instead"), QMessageBox::NoRole);
    box.exec();
    if (box.clickedButton() == compare)
        m_session.second().open(path);
    else if (box.clickedButton() == open)
        m_session.open(path);
}

static QString modelFilter()
{
    return QObject::tr("Models (*.pt *.pth *.bin *.ckpt *.safetensors *.index.json *.npy *.npz *.onnx *.xmodel "
                       "quant_info*.json);;All files (*)");
}

void FileDialogs::chooseSecond()
{
    const QString path = QFileDialog::getOpenFileName(
        &m_window, QObject::tr("Compare with another model"), QFileInfo(m_session.path()).path(), modelFilter());
    if (!path.isEmpty())
        m_session.second().open(path);
}

void FileDialogs::chooseSecondRecipe()
{
    const QString path = QFileDialog::getOpenFileName(&m_window, QObject::tr("Use a recipe for the second model"),
        QFileInfo(m_session.second().source().path).path(), QObject::tr("Recipes (*.toml);;All files (*)"));
    if (!path.isEmpty())
        m_session.second().useRecipe(RecipeChoice::Chosen, path);
}

void FileDialogs::chooseFile()
{
    const QString folder = m_session.path().isEmpty() ? Settings::text(u"window/folder"_s, StartPage::samplesFolder())
                                                      : QFileInfo(m_session.path()).path();
    const QString path
        = QFileDialog::getOpenFileName(&m_window, QObject::tr("Open a quantized model"), folder, modelFilter());
    if (path.isEmpty())
        return;
    Settings::setText(u"window/folder"_s, QFileInfo(path).path());
    m_session.open(path);
}

void FileDialogs::chooseRecipe()
{
    const QString path = QFileDialog::getOpenFileName(&m_window, QObject::tr("Use a recipe"),
        QFileInfo(m_session.path()).path(), QObject::tr("Recipes (*.toml);;All files (*)"));
    if (!path.isEmpty())
        m_session.useRecipe(Session::RecipeChoice::Chosen, path);
}

bool FileDialogs::askAndWrite()
{
    if (m_session.state() != Session::State::Ready)
        return false;
    // A recipe beside a file that says its quantizers itself belongs to the checkpoint of the same name.
    const QString model = traitsOf(m_session.network()->dialect).saysItself
        ? m_session.path()
        : qs(modelStem(m_session.path().toStdString()));
    const QString proposed = m_session.recipePath().isEmpty() ? model + u".recipe.toml"_s : m_session.recipePath();
    const QString path = QFileDialog::getSaveFileName(
        &m_window, QObject::tr("Save the recipe"), proposed, QObject::tr("Recipes (*.toml)"));
    return !path.isEmpty() && writeRecipe(path);
}

bool FileDialogs::writeRecipe(const QString &path)
{
    if (QFileInfo(path) == QFileInfo(m_session.recipePath()) && m_session.recipeOverwritten()
        && QMessageBox::warning(&m_window, QObject::tr("Save the recipe"),
               QObject::tr("%1 was changed by another program since it was read. Saving takes those changes away.")
                   .arg(path),
               QMessageBox::Save | QMessageBox::Cancel, QMessageBox::Cancel)
            != QMessageBox::Save)
        return false;
    const QString error = m_session.saveRecipe(path);
    if (!error.isEmpty())
        QMessageBox::warning(&m_window, QObject::tr("The recipe was not saved"), error);
    return error.isEmpty();
}

void FileDialogs::saveRecipe()
{
    if (m_session.state() == Session::State::Ready && !m_session.recipePath().isEmpty())
        writeRecipe(m_session.recipePath());
    else
        askAndWrite();
}

void FileDialogs::saveRecipeAs() { askAndWrite(); }

bool FileDialogs::mayStopExport()
{
    if (!m_session.exports().running())
        return true;
    QMessageBox box(QMessageBox::Question, QObject::tr("An export runs"),
        QObject::tr("%1. Quitting stops it; nothing of it is left behind.").arg(m_session.exports().text()),
        QMessageBox::Discard | QMessageBox::Cancel, &m_window);
    box.button(QMessageBox::Discard)->setText(QObject::tr("Stop it and quit"));
    box.button(QMessageBox::Cancel)->setText(QObject::tr("Keep exporting"));
    box.setDefaultButton(QMessageBox::Cancel);
    return box.exec() == QMessageBox::Discard;
}

bool FileDialogs::mayDiscardEdits()
{
    const auto answer = QMessageBox::question(&m_window, QObject::tr("Unsaved recipe"),
        QObject::tr("The recipe of %1 has changes that are not saved.")
            .arg(shownText(QFileInfo(m_session.path()).fileName())),
        QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, QMessageBox::Save);
    return answer == QMessageBox::Discard || (answer == QMessageBox::Save && askAndWrite());
}

} // namespace quantscope
