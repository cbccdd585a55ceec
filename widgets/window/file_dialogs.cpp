#include "window/file_dialogs.h"

#include "base/file_name.h"
#include "items/text.h"
#include "pages/start/start_page.h"
#include "session/session.h"
#include "session/settings.h"

#include <QFileDialog>
#include <QFileInfo>
#include <QMessageBox>

using namespace Qt::StringLiterals;

namespace quantscope {

void FileDialogs::chooseFile()
{
    const QString folder = m_session.path().isEmpty() ? Settings::text(u"window/folder"_s, StartPage::samplesFolder())
                                                      : QFileInfo(m_session.path()).path();
    const QString path = QFileDialog::getOpenFileName(&m_window, QObject::tr("Open a quantized model"), folder,
        QObject::tr("Models (*.pt *.pth *.bin *.ckpt *.safetensors *.index.json *.npy *.npz *.onnx *.xmodel "
                    "quant_info*.json);;All files (*)"));
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

bool FileDialogs::writeRecipe()
{
    if (m_session.state() != Session::State::Ready)
        return false;
    const QString proposed = m_session.recipePath().isEmpty()
        ? qs(modelStem(m_session.path().toStdString())) + u".recipe.toml"_s
        : m_session.recipePath();
    const QString path = QFileDialog::getSaveFileName(
        &m_window, QObject::tr("Save the recipe"), proposed, QObject::tr("Recipes (*.toml)"));
    if (path.isEmpty())
        return false;
    if (QFileInfo(path) == QFileInfo(m_session.recipePath()) && m_session.recipeOverwritten()
        && QMessageBox::warning(&m_window, QObject::tr("Save the recipe"),
               QObject::tr("%1 was changed by another program since it was read. Saving takes those changes away.")
                   .arg(path),
               QMessageBox::Save | QMessageBox::Cancel, QMessageBox::Cancel)
            != QMessageBox::Save)
        return false;
    const QString error = m_session.saveRecipe(path);
    if (error.isEmpty()) {
        m_savedRecipe = path;
        return true;
    }
    QMessageBox::warning(&m_window, QObject::tr("The recipe was not saved"), error);
    return false;
}

void FileDialogs::saveRecipe()
{
    if (writeRecipe())
        m_session.useRecipe(
            m_savedRecipe == m_session.besidePath() ? Session::RecipeChoice::Beside : Session::RecipeChoice::Chosen,
            m_savedRecipe);
}

bool FileDialogs::mayDiscardEdits()
{
    const auto answer = QMessageBox::question(&m_window, QObject::tr("Unsaved recipe"),
        QObject::tr("The recipe of %1 has changes that are not saved.")
            .arg(shownText(QFileInfo(m_session.path()).fileName())),
        QMessageBox::Save | QMessageBox::Discard | QMessageBox::Cancel, QMessageBox::Save);
    return answer == QMessageBox::Discard || (answer == QMessageBox::Save && writeRecipe());
}

} // namespace quantscope
