#pragma once

#include "network/network.h"
#include "session/settings.h"

#include <QString>

#include <optional>
#include <string>

namespace quantscope {

/// The recipe that is edited, with the text of its file, which saving keeps.
class RecipeDocument {
public:
    const Recipe &recipe() const { return m_recipe; } ///< with every edit, also those that are still being computed
    /// As it was read: nothing is edited.
    void read(Recipe recipe, std::string text);
    void edit(Recipe recipe);
    /// What became of the last edit; no edit of its own.
    void settle(Recipe recipe);
    /// There are edits that no file has.
    bool edited() const;
    /// The file does not hold what was read from it: somebody else wrote it since.
    bool overwritten(const QString &path) const;
    /// What its file holds, as far as it is known.
    const std::string &onDisk() const { return m_onDisk; }
    /// Writes it to `path`, which is its file from then on; `own` is the file that it was read from, which keeps its
    /// comments and order. An error's text, or empty.
    QString save(const QString &path, const QString &own, const Network &network);

private:
    Recipe m_recipe;
    std::string m_text; ///< that the entries of the recipe have their places in: edits start from it, saved or not
    std::string m_onDisk;
    std::vector<std::string> m_mutes; ///< as they were read
    std::optional<std::string> m_saved; ///< what the recipe says that was saved last
};

/// Some quantizer rests on what nobody said or confirmed.
bool recipeAssumed(const Network &network);
/// Where the quantizers come from, in two words: "beside it", "none, assumed", "in the file".
QString recipeStateText(const Network &network, bool edited, bool chosen);
/// The same for the list of recent files: "no recipe: preset assumed".
QString recentStateText(const Network &network, bool edited, bool chosen);

/// The recipe with the batch norms behind these layers merged into their weights, or with the stored weights.
Recipe withBatchNorms(Recipe recipe, const Network &network, const QStringList &layers, bool merged);

/// A model as the list of recent files shows it.
RecentFile recentFile(const QString &path, const Network &network, bool edited, bool chosen);

} // namespace quantscope
