//! Media: a row in the database, and a file.

use serde_json::json;

use super::api::decoded;
use super::home::{Home, Refused, Told, quoted};
use crate::world::Request;

impl Home<'_, '_> {
    /// Keeps a file.
    pub(super) fn upload(&mut self, request: &Request) -> Told {
        let caller = self.caller(request)?;
        let id = self.letters(24);
        let kind = request.headers.iter().find(|(name, _)| name == "content-type");
        let kind = quoted(kind.map_or("application/octet-stream", |(_, kind)| kind));
        let name = request.path.split_once("filename=").map_or("", |(_, name)| name);
        let (name, user) = (quoted(&decoded(name)), quoted(&caller.user));
        let written = self.inside.write_new(&self.media_file(&id), request.body.clone());
        if written.is_err() {
            return Err(Refused::new(500, "M_UNKNOWN", "Internal server error"));
        }
        self.ask(&format!(
            "INSERT INTO local_media_repository VALUES ('{id}', {kind}, {name}, {user})"
        ))?;
        let server = &self.config.server_name;
        Ok(json!({"content_uri": format!("mxc://{server}/{id}")}))
    }

    /// Returns a file with its media type.
    pub(super) fn download(
        &mut self,
        server: &str,
        id: &str,
    ) -> Result<(String, Vec<u8>), Refused> {
        let missing = || Refused::new(404, "M_NOT_FOUND", "Not found");
        if server != self.config.server_name {
            return Err(missing());
        }
        let id = quoted(id);
        let sql = format!(
            "SELECT media_id, media_type FROM local_media_repository WHERE media_id = {id}"
        );
        let row = self.ask(&sql)?.into_iter().next().ok_or_else(missing)?;
        let bytes = self.inside.read(&self.media_file(&row[0])).ok_or_else(missing)?;
        Ok((row[1].clone(), bytes.to_vec()))
    }

    fn media_file(&self, id: &str) -> String {
        let store = self.config.media_store_path.trim_end_matches('/');
        format!("{store}/local_content/{}/{}/{}", &id[..2], &id[2..4], &id[4..])
    }
}
